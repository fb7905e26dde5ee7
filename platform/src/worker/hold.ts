import { isDenied } from '../aws/error-kind.js';
import { toError } from '../runtime/errors.js';

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 4_000;

/**
 * Repeats one piece of work in the process while AWS denies it. All other denied work fails immediately.
 *
 * A permission can be missing for days. If each trial received a message, SQS would dead-letter the messages after
 * maxReceiveCount receives, and a restarted worker would count these receives as attempts. So only the held work tests
 * whether the permission is back:
 *
 *     received ── denied ── again ── again ── … ── permission is back ── done ── probe ── polling resumes
 *     others       given back, not received meanwhile ───────────────────────────────────> received
 *
 * The message of held work becomes visible again. Another worker that has the permission may handle it; the claim
 * decides.
 */
export function createHold({ firstDelayMs = FIRST_DELAY_MS, maxDelayMs = MAX_DELAY_MS } = {}) {
  let denial: Error | undefined;
  let stopped = false;
  let wake: () => void = () => undefined;
  let onReleased: () => void = () => undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    /** The latest denial of the held work. Until it is undefined, polling must not resume. */
    denial: () => denial,
    /** Calls the listener when held work has ended, whether it succeeded or failed. */
    whenReleased: (listener: () => void): void => {
      onReleased = listener;
    },
    /**
     * @param onDenied called for each denial of the held work
     * @throws what the work throws; a denial only after `stop`, or while other work is held
     */
    run: async <T>(work: () => Promise<T>, onDenied: (denial: Error) => void): Promise<T> => {
      let isMine = false;
      try {
        for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
          try {
            return await work();
          } catch (thrown) {
            if (!isDenied(thrown) || stopped || (denial && !isMine)) throw thrown;
            denial = toError(thrown);
            isMine = true;
            onDenied(denial);
            await pause(delayMs);
          }
        }
      } finally {
        if (isMine) {
          denial = undefined;
          onReleased();
        }
      }
    },
    /** Tries held work once more. If AWS still denies it, it fails. */
    stop: (): void => {
      stopped = true;
      wake();
    },
  };
}

export type Hold = ReturnType<typeof createHold>;
