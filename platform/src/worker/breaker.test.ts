import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createFakeBreaker, FIRST_DELAY_MS, TRIAL_PATIENCE_MS } from '@orderflow/testing/fake-breaker';

describe('breaker', () => {
  it('lets every caller pass while closed', async () => {
    const { breaker, probe, log, after } = createFakeBreaker();
    const pass = await breaker.enter();
    expect(pass?.isTrial).toBe(false);
    pass?.done();
    await after(60_000);
    expect(probe).not.toHaveBeenCalled();
    expect(log.lines).toEqual([]);
  });

  it("closes in time even if the trial's handler is slow", async () => {
    const { breaker, log, waiting, after } = createFakeBreaker();
    breaker.report(connectionRefused());
    const [trial, other] = [waiting(), waiting()];
    await after(FIRST_DELAY_MS);
    expect(trial.pass?.isTrial).toBe(true);
    await after(TRIAL_PATIENCE_MS - 1);
    expect(other.granted).toBe(false);
    await after(1);
    expect(other.pass?.isTrial).toBe(false);
    trial.pass?.done();
    expect(log.messages()).toEqual(['paused: a dependency is unavailable', 'resumed']);
  });

  it('lets one caller try after a report, and the others follow if it succeeds', async () => {
    const { breaker, log, waiting, after } = createFakeBreaker();
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
    expect(log.messages()).toEqual(['paused: a dependency is unavailable', 'resumed']);
    expect(log.lines[1]?.fields).toEqual({ pausedMs: FIRST_DELAY_MS + TRIAL_PATIENCE_MS - 1 });
  });

  it('gives the trial to the next caller when no one waits', async () => {
    const { breaker, after } = createFakeBreaker();
    breaker.report(connectionRefused());
    await after(FIRST_DELAY_MS);
    expect((await breaker.enter())?.isTrial).toBe(true);
  });

  it('does not start a second probe while one is in flight', async () => {
    const { breaker, probe, after } = createFakeBreaker();
    let answer: () => void = () => undefined;
    probe.mockImplementation(() => new Promise<void>((resolve) => (answer = resolve)));
    breaker.report(connectionRefused());
    await after(60_000);
    expect(probe).toHaveBeenCalledTimes(1);
    answer();
    await after(0);
    expect(breaker.state).toBe('half-open');
  });

  it('is not closed by the end of a failed trial', async () => {
    const { breaker, waiting, after } = createFakeBreaker();
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

  it('releases waiting callers without a pass when it is stopped, and stays quiet', async () => {
    const { breaker, probe, log, waiting, after } = createFakeBreaker();
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

  it('stays stopped when a probe answers later', async () => {
    const { breaker, probe, log, after } = createFakeBreaker();
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
