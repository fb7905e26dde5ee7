import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from './logger.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** What a logger writes to stdout. winston's console transport writes to the console's own stream. */
function capture(format: 'json' | 'pretty', level = 'debug') {
  const stream = (console as unknown as { _stdout?: NodeJS.WritableStream })._stdout ?? process.stdout;
  const written: string[] = [];
  jest.spyOn(stream, 'write').mockImplementation((text: unknown) => {
    written.push(String(text));
    return true;
  });
  const logger = createLogger({ service: 'a-worker', level, format });
  return {
    logger,
    text: () => written.join(''),
    json: () => JSON.parse(written.join('')) as Record<string, unknown>,
    /** Without its time, which must look like one. */
    line: () => {
      const text = written.join('');
      expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} .*\n$/s);
      return text.slice(13, -1);
    },
  };
}

describe('json', () => {
  it('writes one object a line, with the fields of the logger and of its child', () => {
    const { logger, text, json } = capture('json');
    logger.child({ queue: 'work' }).info('processed', { orderId: 'o1', durationMs: 5 });
    expect(text().split('\n')).toHaveLength(2);
    expect(json()).toEqual({
      level: 'info',
      message: 'processed',
      service: 'a-worker',
      queue: 'work',
      orderId: 'o1',
      durationMs: 5,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
    });
  });

  it('writes of an error what helps: its name, code, stack and causes', () => {
    const { logger, json } = capture('json');
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', $response: { big: 1 } });
    logger.error('polling failed', { err: new TypeError('no', { cause }) });
    expect(json().err).toEqual({
      name: 'TypeError',
      message: 'no',
      stack: expect.stringContaining('TypeError: no') as unknown,
      cause: {
        name: 'Error',
        message: 'connect ECONNREFUSED',
        code: 'ECONNREFUSED',
        stack: expect.any(String) as unknown,
      },
    });
  });

  it('gives an error of several addresses the words of the first', () => {
    const { logger, json } = capture('json');
    const err = new AggregateError([new Error('connect ECONNREFUSED ::1:4566'), new Error('other')]);
    logger.warn('paused', { err });
    expect(json().err).toMatchObject({ name: 'AggregateError', message: 'connect ECONNREFUSED ::1:4566' });
  });

  it('leaves out what is below the level', () => {
    const { logger, text } = capture('json', 'warn');
    logger.info('processed');
    expect(text()).toBe('');
  });
});

describe('pretty', () => {
  it('tells a message on one line: what it was and which, then the rest', () => {
    const { logger, line } = capture('pretty');
    logger.child({ queue: 'work' }).info('processed', {
      orderId: 'o1',
      type: 'OrderCreated',
      durationMs: 5,
      traceId: 'hidden',
      path: undefined,
      checks: { a: 1 },
    });
    expect(line()).toBe('INFO  processed OrderCreated o1 queue=work durationMs=5 checks={"a":1}');
  });

  it('keeps values with blanks and line breaks apart from their neighbours', () => {
    const { logger, line } = capture('pretty');
    logger.warn('dead-lettered', { reason: 'two words\n12:00:00.000 INFO  processed', code: 'BAD' });
    expect(line()).toBe(String.raw`WARN  dead-lettered reason="two words\n12:00:00.000 INFO  processed" code=BAD`);
  });

  it('names the error of a warning on the same line', () => {
    const { logger, line } = capture('pretty');
    logger.warn('retry', { err: new RangeError('a\nb'), delaySeconds: 2 });
    expect(line()).toBe(String.raw`WARN  retry delaySeconds=2 err="RangeError: a\nb"`);
  });

  it('shows the stack of an error', () => {
    const { logger, line } = capture('pretty');
    logger.error('no', { err: new Error('why') });
    expect(line()).toMatch(/^ERROR no\nError: why\n {4}at /);
  });
});
