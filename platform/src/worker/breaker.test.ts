import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createMonotonicClock } from '../runtime/clock.js';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { queueDoesNotExist } from '@orderflow/testing/aws/sqs-errors';
import { createBreaker, type Pass } from './breaker.js';

const FIRST_DELAY_MS = 500;
const TRIAL_PATIENCE_MS = 3_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function create() {
  const log = createRecordingLogger();
  const away = { error: undefined as Error | undefined };
  const probe = jest.fn(async () => {
    if (away.error) throw away.error;
  });
  const breaker = createBreaker({ probe, logger: log.logger, monotonic: createMonotonicClock() });
  /** Waits, and tells what has been granted so far. */
  const waiting = () => {
    const seen: { pass?: Pass | undefined; granted: boolean } = { granted: false };
    void breaker.enter().then((pass) => Object.assign(seen, { pass, granted: true }));
    return seen;
  };
  return { breaker, probe, away, log, waiting, after: (ms: number) => jest.advanceTimersByTimeAsync(ms) };
}

describe('breaker', () => {
  it('lets everybody pass while nothing is wrong', async () => {
    const { breaker, probe, log, after } = create();
    const pass = await breaker.enter();
    expect(pass?.isTrial).toBe(false);
    pass?.done();
    await after(60_000);
    expect(probe).not.toHaveBeenCalled();
    expect(log.lines).toEqual([]);
  });

  it('does not wait for a trial whose handler is merely slow', async () => {
    const { breaker, log, waiting, after } = create();
    breaker.report(connectionRefused());
    const [trial, other] = [waiting(), waiting()];
    await after(FIRST_DELAY_MS);
    expect(trial.pass?.isTrial).toBe(true);
    await after(TRIAL_PATIENCE_MS - 1);
    expect(other.granted).toBe(false);
    await after(1);
    expect(other.pass?.isTrial).toBe(false);
    trial.pass?.done();
    expect(log.messages()).toEqual(['paused: a dependency is away', 'resumed']);
  });

  it('makes everybody wait after a report, tries one, and lets the rest follow when that went well', async () => {
    const { breaker, log, waiting, after } = create();
    breaker.report(connectionRefused());
    expect(breaker.state).toBe('open');
    const [first, second, third] = [waiting(), waiting(), waiting()];
    await after(FIRST_DELAY_MS - 1);
    expect(first.granted).toBe(false);
    await after(1);
    expect(breaker.state).toBe('half-open');
    expect(first.pass?.isTrial).toBe(true);
    await after(TRIAL_PATIENCE_MS - 1);
    const late = waiting();
    await after(0);
    expect([second, third, late].map(({ granted }) => granted)).toEqual([false, false, false]);

    first.pass?.done();
    await after(0);
    expect(breaker.state).toBe('closed');
    expect([second, third, late].map(({ pass }) => pass?.isTrial)).toEqual([false, false, false]);
    expect(log.messages()).toEqual(['paused: a dependency is away', 'resumed']);
    expect(log.lines[1]?.fields).toEqual({ pausedMs: FIRST_DELAY_MS + TRIAL_PATIENCE_MS - 1 });
  });

  it('gives the trial to the next who comes when nobody waits', async () => {
    const { breaker, after } = create();
    breaker.report(connectionRefused());
    await after(FIRST_DELAY_MS);
    expect((await breaker.enter())?.isTrial).toBe(true);
  });

  it('probes one at a time, ever more slowly up to 4 s, and logs one line however long it takes', async () => {
    const { breaker, probe, away, log, after } = create();
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
    expect(log.messages()).toEqual(['paused: a dependency is away']);
  });

  it('says so when the reason has become another one meanwhile, and each reason once, however they alternate', async () => {
    const { breaker, away, log, after } = create();
    away.error = connectionRefused();
    breaker.report(away.error);
    await after(FIRST_DELAY_MS);
    const missing = queueDoesNotExist();
    for (const error of [missing, missing, connectionRefused(), missing]) {
      away.error = error;
      await after(4_000);
    }
    expect(log.messages()).toEqual([
      'paused: a dependency is away',
      'still paused: topology missing, deploy it (the ready.d hook does when LocalStack restarts)',
    ]);
    expect(log.lines[1]).toMatchObject({ level: 'warn', fields: { err: missing } });
  });

  it('says so when it is the trial that meets another reason', async () => {
    const { breaker, log, waiting, after } = create();
    breaker.report(connectionRefused());
    waiting();
    await after(FIRST_DELAY_MS);
    breaker.report(queueDoesNotExist());
    expect(log.messages()).toEqual([
      'paused: a dependency is away',
      expect.stringMatching(/^still paused: topology missing/) as unknown,
    ]);
  });

  it('tells the reasons of each outage anew', async () => {
    const { breaker, away, log, after } = create();
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

  it('does not start a second probe while one is under way', async () => {
    const { breaker, probe, after } = create();
    let answer: () => void = () => undefined;
    probe.mockImplementation(() => new Promise<void>((resolve) => (answer = resolve)));
    breaker.report(connectionRefused());
    await after(60_000);
    expect(probe).toHaveBeenCalledTimes(1);
    answer();
    await after(0);
    expect(breaker.state).toBe('half-open');
  });

  it('opens again without another line when the trial fails, and waits longer than before', async () => {
    const { breaker, log, waiting, after } = create();
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
    expect(log.messages()).toEqual(['paused: a dependency is away']);
  });

  it('is not closed by the end of a trial that has failed already', async () => {
    const { breaker, waiting, after } = create();
    breaker.report(connectionRefused());
    const failed = waiting();
    await after(FIRST_DELAY_MS);
    breaker.report(connectionRefused());
    const second = waiting();
    await after(2 * FIRST_DELAY_MS);
    expect(breaker.state).toBe('half-open');
    failed.pass?.done();
    expect(breaker.state).toBe('half-open');
    second.pass?.done();
    expect(breaker.state).toBe('closed');
  });

  it('starts a new outage with a new line and the first delay', async () => {
    const { breaker, away, log, waiting, after } = create();
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
    expect(log.messages()).toEqual(['paused: a dependency is away', 'resumed', 'paused: a dependency is away']);
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
    const { breaker, log } = create();
    breaker.report(error);
    expect(log.lines).toEqual([
      { level: 'warn', message: expect.stringMatching(message) as unknown, fields: { err: error } },
    ]);
  });

  it('lets those who wait go without a pass when it is stopped, and is quiet from then on', async () => {
    const { breaker, probe, log, waiting, after } = create();
    breaker.report(connectionRefused());
    const waiter = waiting();
    breaker.stop();
    await after(0);
    expect(waiter).toEqual({ granted: true, pass: undefined });
    expect(await breaker.enter()).toBeUndefined();
    breaker.report(connectionRefused());
    await after(60_000);
    expect(probe).not.toHaveBeenCalled();
    expect(log.lines).toHaveLength(1);
  });

  it('stays stopped when a probe answers afterwards', async () => {
    const { breaker, probe, log, after } = create();
    let fail: (error: Error) => void = () => undefined;
    probe.mockImplementation(() => new Promise<void>((_, reject) => (fail = reject)));
    breaker.report(connectionRefused());
    await after(FIRST_DELAY_MS);
    breaker.stop();
    fail(connectionRefused());
    await after(60_000);
    expect(probe).toHaveBeenCalledTimes(1);
    expect(log.lines).toHaveLength(1);
  });
});
