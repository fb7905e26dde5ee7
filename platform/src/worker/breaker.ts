import { isDenied, isTopologyMissing, isUnavailable } from '../aws/error-kind.js';
import type { Deadline, MonotonicClock, Stopwatch } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Leave to poll once. */
export type Pass = {
  /** The one poll that goes ahead of all others after an outage. */
  readonly isTrial: boolean;
  /** The poll is over. A trial closes the breaker, unless trouble was reported since it began. */
  done: () => void;
};

/**
 * Stops polling while a dependency is away, so that an outage costs no message its attempts:
 *
 *     closed ──report()──> open ──probe succeeds──> half-open ──the trial is done()──> closed
 *                           ^ └─probe fails: wait longer ┘ └──report()──> open
 */
export type Breaker = {
  readonly state: BreakerState;
  /** A dependency did not answer, or refused the worker. */
  report(error: unknown): void;
  /** Resolves when the caller may poll: at once, or, of many callers, one as the trial and the rest once that went well. Undefined: never again. */
  enter(): Promise<Pass | undefined>;
  /** Lets everyone waiting go, without a pass. */
  stop(): void;
};

type BreakerOptions = {
  /** Throws while a dependency is away. */
  probe: () => Promise<unknown>;
  logger: Logger;
  monotonic: MonotonicClock;
  firstDelayMs?: number;
  maxDelayMs?: number;
  /** A trial that has met no trouble for so long counts as gone well: its handler may simply be slow. */
  trialPatienceMs?: number;
};

const NORMAL: Pass = { isTrial: false, done: () => undefined };

function reasonOf(err: Error): string {
  if (isTopologyMissing(err)) return 'topology missing, deploy it (the ready.d hook does when LocalStack restarts)';
  if (isDenied(err)) return 'AWS refuses this process (permissions, credentials or keys)';
  return isUnavailable(err) ? 'a dependency is away' : 'the queue cannot be polled';
}

export function createBreaker({
  probe,
  logger,
  monotonic,
  firstDelayMs = 500,
  maxDelayMs = 4_000,
  trialPatienceMs = 3_000,
}: BreakerOptions): Breaker {
  let state: BreakerState = 'closed';
  let stopped = false;
  let delayMs = firstDelayMs;
  let timer: NodeJS.Timeout | undefined;
  let patience: Deadline | undefined;
  let openForMs: Stopwatch | undefined;
  /** Reasons that have had their line since the breaker opened: each gets one, or two that alternate would fill the log. */
  const told = new Set<string>();
  /** Set while half-open, from the moment that somebody goes ahead. */
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

  /** What is wrong by now may ask for something else than what the pause began with. */
  function tell(thrown: unknown): void {
    const err = toError(thrown);
    const reason = reasonOf(err);
    if (told.has(reason)) return;
    logger.warn(`${told.size === 0 ? 'paused' : 'still paused'}: ${reason}`, { err });
    told.add(reason);
  }

  function waitLonger(): void {
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }

  function scheduleProbe(): void {
    timer = setTimeout(() => {
      probe().then(onProbeSuccess, (thrown: unknown) => {
        if (stopped) return;
        tell(thrown);
        waitLonger();
        scheduleProbe();
      });
    }, delayMs);
  }

  return {
    get state() {
      return state;
    },
    report: (thrown) => {
      if (stopped || state === 'open') return;
      if (state === 'closed') {
        openForMs = monotonic.startStopwatch();
        delayMs = firstDelayMs;
        told.clear();
      } else {
        waitLonger();
      }
      tell(thrown);
      clearTimeout(timer);
      patience?.cancel();
      trial = undefined;
      state = 'open';
      scheduleProbe();
    },
    enter: () => {
      if (stopped) return Promise.resolve(undefined);
      if (state === 'closed') return Promise.resolve(NORMAL);
      if (state === 'half-open' && !trial) return Promise.resolve(beginTrial());
      return new Promise((resolve) => waiting.push(resolve));
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      patience?.cancel();
      release(undefined);
    },
  };
}
