import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { queueDoesNotExist } from '@orderflow/testing/aws/sqs-errors';
import { createFakeBreaker, FIRST_DELAY_MS } from '@orderflow/testing/fake-breaker';

describe('what the breaker logs', () => {
  it('logs one line per outage, however long it takes, and probes with a backoff up to 4 s', async () => {
    const { breaker, probe, away, log, after } = createFakeBreaker();
    away.error = connectionRefused();
    breaker.report(away.error);
    breaker.report(away.error);
    const calls: number[] = [];
    for (const ms of [500, 1_000, 2_000, 4_000, 4_000, 4_000]) {
      await after(ms - 1);
      calls.push(probe.mock.calls.length);
      await after(1);
    }
    expect(calls).toEqual([0, 1, 2, 3, 4, 5]);
    expect(probe).toHaveBeenCalledTimes(6);
    expect(log.messages()).toEqual(['paused: a dependency is unavailable']);
  });

  it('logs each new reason once, even if reasons alternate', async () => {
    const { breaker, away, log, after } = createFakeBreaker();
    away.error = connectionRefused();
    breaker.report(away.error);
    await after(FIRST_DELAY_MS);
    const missing = queueDoesNotExist();
    for (const error of [missing, missing, connectionRefused(), missing]) {
      away.error = error;
      await after(4_000);
    }
    expect(log.messages()).toEqual([
      'paused: a dependency is unavailable',
      'still paused: topology missing, deploy it (the ready.d hook does when LocalStack restarts)',
    ]);
    expect(log.lines[1]).toMatchObject({ level: 'warn', fields: { err: missing } });
  });

  it('logs a new reason that the trial meets', async () => {
    const { breaker, log, waiting, after } = createFakeBreaker();
    breaker.report(connectionRefused());
    waiting();
    await after(FIRST_DELAY_MS);
    breaker.report(queueDoesNotExist());
    expect(log.messages()).toEqual([
      'paused: a dependency is unavailable',
      expect.stringMatching(/^still paused: topology missing/) as unknown,
    ]);
  });

  it('logs the reasons again in the next outage', async () => {
    const { breaker, away, log, after } = createFakeBreaker();
    for (let outage = 0; outage < 2; outage++) {
      breaker.report(connectionRefused());
      away.error = queueDoesNotExist();
      await after(FIRST_DELAY_MS);
      away.error = undefined;
      await after(2 * FIRST_DELAY_MS);
      (await breaker.enter())?.done();
    }
    const said = ['paused: a', 'still paused: topology', 'resumed'];
    expect(log.messages().map((message, index) => message.startsWith(said[index % 3] ?? '?'))).toEqual(
      Array.from({ length: 6 }, () => true),
    );
  });

  it('logs nothing when the trial fails, and waits longer', async () => {
    const { breaker, log, waiting, after } = createFakeBreaker();
    breaker.report(connectionRefused());
    const first = waiting();
    await after(FIRST_DELAY_MS);
    breaker.report(connectionRefused());
    expect(breaker.state).toBe('open');
    first.pass?.done();
    expect(breaker.state).toBe('open');
    const second = waiting();
    await after(2 * FIRST_DELAY_MS - 1);
    expect(second.granted).toBe(false);
    await after(1);
    expect(second.pass?.isTrial).toBe(true);
    expect(log.messages()).toEqual(['paused: a dependency is unavailable']);
  });

  it('logs a new outage, which starts with the first delay', async () => {
    const { breaker, away, log, waiting, after } = createFakeBreaker();
    away.error = connectionRefused();
    breaker.report(away.error);
    await after(10_000);
    away.error = undefined;
    await after(4_000);
    (await breaker.enter())?.done();
    breaker.report(connectionRefused());
    const next = waiting();
    await after(FIRST_DELAY_MS);
    expect(next.granted).toBe(true);
    expect(log.messages()).toEqual([
      'paused: a dependency is unavailable',
      'resumed',
      'paused: a dependency is unavailable',
    ]);
  });

  it.each([
    ['a missing topology', queueDoesNotExist(), /^paused: topology missing, deploy it/],
    ['a missing permission', Object.assign(new Error('no'), { name: 'AccessDenied' }), /^paused: AWS refuses this/],
    [
      'a refused request',
      Object.assign(new Error('no'), { name: 'InvalidAddress' }),
      /^paused: the queue cannot be polled$/,
    ],
  ])('names %s', (_name, error, message) => {
    const { breaker, log } = createFakeBreaker();
    breaker.report(error);
    expect(log.lines).toEqual([
      { level: 'warn', message: expect.stringMatching(message) as unknown, fields: { err: error } },
    ]);
  });
});
