import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from './logger.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** What a logger writes to stdout. winston's console transport writes to the console's own stream. */
function capture(format: 'json' | 'pretty', level = 'debug', redact: string[] = []) {
  const stream = (console as unknown as { _stdout?: NodeJS.WritableStream })._stdout ?? process.stdout;
  const written: string[] = [];
  jest.spyOn(stream, 'write').mockImplementation((text: unknown) => {
    written.push(String(text));
    return true;
  });
  const logger = createLogger({ service: 'a-worker', level, format, redact, leading: ['orderId', 'notificationId'] });
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

  it('does not look at the fields of what is below the level, a child neither, until the level changes', () => {
    const { logger, text } = capture('json', 'warn');
    const child = logger.child({ queue: 'work' });
    let looks = 0;
    const fields = {
      get orderId() {
        looks += 1;
        return 'o1';
      },
    };
    logger.info('processed', fields);
    child.debug('processed', fields);
    expect([looks, text()]).toEqual([0, '']);
    logger.level = 'debug';
    child.debug('processed', fields);
    expect(looks).toBeGreaterThan(0);
    expect(text()).toContain('"queue":"work"');
  });

  it('leaves out what is below the level', () => {
    const { logger, text } = capture('json', 'warn');
    logger.info('processed');
    expect(text()).toBe('');
  });
});

describe('redaction', () => {
  const fields = () => ({
    customerId: 'secret',
    orderId: 'o1',
    checks: [{ customerId: 'secret' }],
    err: Object.assign(new Error('no', { cause: Object.assign(new Error('why'), { code: 'secret' }) }), { code: 'C' }),
  });

  it('hides the values of configured fields, in an error too', () => {
    const { logger, json, text } = capture('json', 'debug', ['customerid', 'code']);
    logger.child({ customerId: 'secret' }).warn('retry', fields());
    expect(json()).toMatchObject({
      message: 'retry',
      customerId: '[redacted]',
      orderId: 'o1',
      checks: [{ customerId: '[redacted]' }],
      err: { message: 'no', code: '[redacted]', cause: { code: '[redacted]' } },
    });
    expect(text()).not.toContain('secret');
  });

  it('hides them from people as well', () => {
    const { logger, line } = capture('pretty', 'debug', ['customerId', 'orderId']);
    logger.info('processed', { ...fields(), err: undefined });
    expect(line()).toBe('INFO  processed [redacted] customerId=[redacted] checks=[{"customerId":"[redacted]"}]');
  });

  it("hides an error's message in its stack too, and leaves the line its own", () => {
    const { logger, json, text } = capture('json', 'debug', ['message', 'level']);
    logger.error('failed', { err: new Error('secret\nof two lines', { cause: new Error('secret, too') }) });
    expect(json()).toMatchObject({ message: 'failed', level: 'error', err: { message: '[redacted]' } });
    expect(text()).not.toContain('secret');
    expect(text()).toContain('Error: [redacted]');
  });
});

describe('pretty', () => {
  it('tells a message on one line: what it was and which, then the rest', () => {
    const { logger, line } = capture('pretty');
    logger.child({ queue: 'work' }).info('processed', {
      orderId: 'o1',
      type: 'OrderCreated',
      durationMs: 5,
      traceId: 'ab12',
      causationId: 'hidden',
      path: undefined,
      checks: { a: 1 },
    });
    expect(line()).toBe('INFO  processed OrderCreated o1 queue=work durationMs=5 traceId=ab12 checks={"a":1}');
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

describe('lines of one turn of the event loop', () => {
  it('are one write, at its end', async () => {
    await setImmediate();
    const { logger } = capture('json');
    const cork = jest.spyOn(process.stdout, 'cork').mockImplementation(() => undefined);
    const uncork = jest.spyOn(process.stdout, 'uncork').mockImplementation(() => undefined);
    logger.info('one');
    logger.info('two');
    logger.debug('three');
    expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([1, 0]);
    await setImmediate();
    expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([1, 1]);
  });

  it('do not wait behind a warning or an error', async () => {
    await setImmediate();
    const { logger } = capture('json');
    jest.spyOn(process.stdout, 'cork').mockImplementation(() => undefined);
    const uncork = jest.spyOn(process.stdout, 'uncork').mockImplementation(() => undefined);
    logger.info('one');
    expect(uncork).toHaveBeenCalledTimes(0);
    logger.warn('two');
    expect(uncork).toHaveBeenCalledTimes(1);
    logger.error('three');
    expect(uncork).toHaveBeenCalledTimes(2);
    await setImmediate();
    expect(uncork).toHaveBeenCalledTimes(2);
  });

  it('are written when the process ends within it', () => {
    const script = `
      import { createLogger } from ${JSON.stringify(new URL('logger.ts', import.meta.url).href)};
      const logger = createLogger({ service: 'a-worker', level: 'info', format: 'pretty' });
      logger.info('last words');
      process.exit(3);`;
    const options = ['--no-warnings', '--import', 'tsx', '--input-type=module', '--eval', script];
    const { status, stdout } = spawnSync(process.execPath, options, {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect({ status, stdout }).toEqual({ status: 3, stdout: expect.stringMatching(/INFO {2}last words\n$/) });
  });

  it.each([
    ...(existsSync('/dev/full') ? [['has no room', 'exec 1>/dev/full'] as const] : []),
    ['is read by nobody', 'exec 1> >(exit 0)'],
    ['is closed', 'exec 1>&-'],
  ])('are lost, and nothing else is, when stdout %s', (_, redirect) => {
    const script = `
      import { setTimeout } from 'node:timers/promises';
      import { createLogger } from ${JSON.stringify(new URL('logger.ts', import.meta.url).href)};
      const logger = createLogger({ service: 'a-worker', level: 'info', format: 'json' });
      for (let turn = 0; turn < 5; turn++) {
        logger.info('gathered');
        logger.warn('at once');
        await setTimeout(20);
      }
      process.exit(3);`;
    const command = `${redirect}; sleep 0.1; exec "$0" --no-warnings --import tsx --input-type=module --eval "$1"`;
    const options = { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } } as const;
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, script], options);
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
  });
});
