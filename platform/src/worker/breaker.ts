import { isTopologyMissing } from '../aws/failures.js';
import { toError } from '../errors.js';
import type { Logger } from '../logger.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Stops polling while a dependency is away, so that an outage costs no message its attempts:
 *
 *     closed ──report()──> open ──probe succeeds──> half-open ──settled()──> closed
 *                           ^ └─probe fails: wait longer ┘ └──report()──> open
 */
export type Breaker = {
  readonly state: BreakerState;
  /** A dependency did not answer. */
  report(error: Error): void;
  /** Resolves when the caller may poll: at once, or, of many callers, one as the trial and the rest once that went well. */
  enter(): Promise<'normal' | 'trial' | 'stopped'>;
  /** The trial's poll ended without a report. */
  settled(): void;
  /** Lets everyone waiting go, with 'stopped'. */
  stop(): void;
};

type BreakerOptions = {
  /** Throws while a dependency is away. */
  probe: () => Promise<void>;
  logger: Logger;
  firstDelayMs?: number;
  maxDelayMs?: number;
};

export function createBreaker({ probe, logger, firstDelayMs = 500, maxDelayMs = 4_000 }: BreakerOptions): Breaker {
  let state: BreakerState = 'closed';
  let stopped = false;
  let delayMs = firstDelayMs;
  let timer: NodeJS.Timeout | undefined;
  let openedAt = 0;
  let trialTaken = false;
  let waiting: ((entry: 'normal' | 'trial' | 'stopped') => void)[] = [];

  function release(entry: 'normal' | 'stopped'): void {
    const released = waiting;
    waiting = [];
    for (const resolve of released) resolve(entry);
  }

  function scheduleProbe(): void {
    timer = setTimeout(() => {
      probe().then(
        () => {
          if (stopped || state !== 'open') return;
          state = 'half-open';
          trialTaken = false;
          const next = waiting.shift();
          if (next) {
            trialTaken = true;
            next('trial');
          }
        },
        () => {
          if (stopped) return;
          delayMs = Math.min(delayMs * 2, maxDelayMs);
          scheduleProbe();
        },
      );
    }, delayMs);
  }

  return {
    get state() {
      return state;
    },
    report: (thrown) => {
      if (stopped || state === 'open') return;
      const err = toError(thrown);
      if (state === 'closed') {
        openedAt = Date.now();
        delayMs = firstDelayMs;
        const message = isTopologyMissing(err)
          ? 'paused: topology missing, deploy it (the ready.d hook does when LocalStack restarts)'
          : 'paused: a dependency is away';
        logger.warn(message, { err });
      } else {
        delayMs = Math.min(delayMs * 2, maxDelayMs);
      }
      state = 'open';
      scheduleProbe();
    },
    enter: () => {
      if (stopped) return Promise.resolve('stopped');
      if (state === 'closed') return Promise.resolve('normal');
      if (state === 'half-open' && !trialTaken) {
        trialTaken = true;
        return Promise.resolve('trial');
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    settled: () => {
      if (state !== 'half-open') return;
      state = 'closed';
      logger.info('resumed', { pausedMs: Date.now() - openedAt });
      release('normal');
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      release('stopped');
    },
  };
}
