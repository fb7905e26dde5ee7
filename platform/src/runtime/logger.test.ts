import { describe, expect, it } from '@jest/globals';
import { captureLogger } from '@orderflow/testing/capture-logger';

describe('json', () => {
  it('writes one object per line, with the fields of the logger and its child', () => {
    const { logger, text, json } = captureLogger('json');
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

  it("writes an error's name, code, stack and causes only", () => {
    const { logger, json } = captureLogger('json');
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

  it('uses the message of the first of several connection errors', () => {
    const { logger, json } = captureLogger('json');
    const err = new AggregateError([new Error('connect ECONNREFUSED ::1:4566'), new Error('other')]);
    logger.warn('paused', { err });
    expect(json().err).toMatchObject({ name: 'AggregateError', message: 'connect ECONNREFUSED ::1:4566' });
  });

  it('does not read the fields of a line below the level, in a child either', () => {
    const { logger, text } = captureLogger('json', 'warn');
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

  it('drops lines below the level', () => {
    const { logger, text } = captureLogger('json', 'warn');
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

  it('redacts the configured fields, also in errors', () => {
    const { logger, json, text } = captureLogger('json', 'debug', ['customerid', 'code']);
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

  it('redacts them in the pretty format too', () => {
    const { logger, line } = captureLogger('pretty', 'debug', ['customerId', 'orderId']);
    logger.info('processed', { ...fields(), err: undefined });
    expect(line()).toBe('INFO  processed [redacted] customerId=[redacted] checks=[{"customerId":"[redacted]"}]');
  });

  it("redacts an error's message in its stack too, but not the line's own message", () => {
    const { logger, json, text } = captureLogger('json', 'debug', ['message', 'level']);
    logger.error('failed', { err: new Error('secret\nof two lines', { cause: new Error('secret, too') }) });
    expect(json()).toMatchObject({ message: 'failed', level: 'error', err: { message: '[redacted]' } });
    expect(text()).not.toContain('secret');
    expect(text()).toContain('Error: [redacted]');
  });
});

describe('pretty', () => {
  it('writes one line: message, type and ids first, then the rest', () => {
    const { logger, line } = captureLogger('pretty');
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

  it('quotes values with spaces or line breaks', () => {
    const { logger, line } = captureLogger('pretty');
    logger.warn('dead-lettered', { reason: 'two words\n12:00:00.000 INFO  processed', code: 'BAD' });
    expect(line()).toBe(String.raw`WARN  dead-lettered reason="two words\n12:00:00.000 INFO  processed" code=BAD`);
  });

  it('names the error of a warning on the same line', () => {
    const { logger, line } = captureLogger('pretty');
    logger.warn('retry', { err: new RangeError('a\nb'), delaySeconds: 2 });
    expect(line()).toBe(String.raw`WARN  retry delaySeconds=2 err="RangeError: a\nb"`);
  });

  it('shows the stack of an error', () => {
    const { logger, line } = captureLogger('pretty');
    logger.error('no', { err: new Error('why') });
    expect(line()).toMatch(/^ERROR no\nError: why\n {4}at /);
  });
});
