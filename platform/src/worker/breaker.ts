import { isDenied, isTopologyMissing, isUnavailable } from '../aws/error-kind.js';
import type { Deadline, MonotonicClock, Stopwatch } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Permission to poll once. */
export type Pass = {
  /** True for the first poll after an outage, which goes ahead of all others. */
  readonly isTrial: boolean;
  /** The poll has ended. A trial closes the breaker unless an error was reported since it began. */
  done: () => void;
};

/**
 * Stops polling while a dependency is unavailable, so that messages do not use up their attempts in an outage:
 *
 *     closed ──report()──> open ──probe succeeds──> half-open ──the trial is done()──> closed
 *                           ^ └─probe fails: wait longer ┘ └──report()──> open
 */
export type Breaker = ReturnType<typeof createBreaker>;

type BreakerOptions = {
  /** Throws while a dependency is unavailable. */
  probe: () => Promise<unknown>;
  logger: Logger;
  monotonic: MonotonicClock;
  firstDelayMs?: number;
  maxDelayMs?: number;
  /** A trial without an error for this long counts as a success: its handler may just be slow. */
  trialPatienceMs?: number;
};

const NORMAL: Pass = { isTrial: false, done: () => undefined };

function reasonOf(err: Error): string {
  if (isTopologyMissing(err)) return 'topology missing, deploy it (the ready.d hook does when LocalStack restarts)';
  if (isDenied(err)) return 'AWS refuses this process (permissions, credentials or keys)';
  return isUnavailable(err) ? 'a dependency is unavailable' : 'the queue cannot be polled';
}

export function createBreaker({
  probe,
  logger,
  monotonic,
  firstDelayMs = 500,
  maxDelayMs = 4_000,
  trialPatienceMs = 3_000,
}: BreakerOptions) {
  let state: BreakerState = 'closed';
  let stopped = false;
  let delayMs = firstDelayMs;
  let timer: NodeJS.Timeout | undefined;
  let patience: Deadline | undefined;
  let openForMs: Stopwatch | undefined;
  /** Reasons logged since the breaker opened. Each is logged once, or two that alternate would fill the log. */
  const logged = new Set<string>();
  /** Set while a trial is in flight. */
  let trial: Pass | undefined;
  let waiting: ((pass: Pass | undefined) => void)[] = [];

  function release(pass: Pass | undefined): void {
    const released = waiting;
    waiting = [];
    for (const resolve of released) resolve(pass);
  }

  function beginTrial(): Pass {
    const pass: Pass = {
      isTrial: true,
      done: () => {
        if (stopped || trial !== pass) return;
        patience?.cancel();
        trial = undefined;
        state = 'closed';
        logger.info('resumed', { pausedMs: Math.round(openForMs?.() ?? 0) });
        release(NORMAL);
      },
    };
    trial = pass;
    patience = monotonic.startDeadline(trialPatienceMs, pass.done);
    return pass;
  }

  function onProbeSuccess(): void {
    if (stopped) return;
    state = 'half-open';
    waiting.shift()?.(beginTrial());
  }

  /** The reason can change during a pause, and then needs a different fix. */
  function logReason(thrown: unknown): void {
    const err = toError(thrown);
    const reason = reasonOf(err);
    if (logged.has(reason)) return;
    logger.warn(`${logged.size === 0 ? 'paused' : 'still paused'}: ${reason}`, { err });
    logged.add(reason);
  }

  function waitLonger(): void {
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }

  function scheduleProbe(): void {
    timer = setTimeout(() => {
      probe().then(onProbeSuccess, (thrown: unknown) => {
        if (stopped) return;
        logReason(thrown);
        waitLonger();
        scheduleProbe();
      });
    }, delayMs);
  }

  return {
    get state(): BreakerState {
      return state;
    },
    /** A dependency did not answer or refused the worker. */
    report: (thrown: unknown): void => {
      if (stopped || state === 'open') return;
      if (state === 'closed') {
        openForMs = monotonic.startStopwatch();
        delayMs = firstDelayMs;
        logged.clear();
      } else {
        waitLonger();
      }
      logReason(thrown);
      clearTimeout(timer);
      patience?.cancel();
      trial = undefined;
      state = 'open';
      scheduleProbe();
    },
    /**
     * Resolves when the caller may poll. After an outage, one caller gets the trial and the others wait until it succeeds.
     * Undefined once the breaker is stopped.
     */
    enter: (): Promise<Pass | undefined> => {
      if (stopped) return Promise.resolve(undefined);
      if (state === 'closed') return Promise.resolve(NORMAL);
      if (state === 'half-open' && !trial) return Promise.resolve(beginTrial());
      return new Promise((resolve) => waiting.push(resolve));
    },
    /** Releases all waiting callers without a pass. */
    stop: (): void => {
      stopped = true;
      clearTimeout(timer);
      patience?.cancel();
      release(undefined);
    },
  };
}
