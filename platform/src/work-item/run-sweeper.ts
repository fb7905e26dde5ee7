import { isUnavailable } from '../aws/error-kind.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';
import type { Sweeper } from './sweep.js';

export type RunningSweeper = ReturnType<typeof runSweeper>;

type RunOptions = {
  /** One entry per table: its name for the log, and its sweeper. */
  sweepers: { table: string; sweeper: Sweeper }[];
  intervalMs: number;
  logger: Logger;
};

/** Sweeps every table at intervals, with jitter, so that replicas do not sweep in step. */
export function runSweeper({ sweepers, intervalMs, logger }: RunOptions) {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let failing = false;

  /** Why subscriptions of a table are blocked, by table. */
  const reasons = new Map<string, string>();

  /** One line per change of state. */
  function logBlocked(table: string, blockedBy: readonly string[]): void {
    const reason = blockedBy.join('; ');
    if (reason === (reasons.get(table) ?? '')) return;
    if (reason === '') logger.info('events are sent again', { table });
    else logger.warn('events are held back, because they would be dropped', { table, reason });
    reasons.set(table, reason);
  }

  async function sweepTable({ table, sweeper }: RunOptions['sweepers'][number]): Promise<void> {
    const { blockedBy, blocked: closed, failed, ahead, awaiting, ...report } = await sweeper.sweep();
    if (report.republished + report.givenUp > 0) {
      const fields = { table, ...report, closed, failed, ahead };
      logger.info('outbox swept', awaiting.length > 0 ? { ...fields, awaiting } : fields);
    }
    logBlocked(table, blockedBy);
  }

  /** A table that cannot be swept does not stop the others. */
  async function sweepAll(): Promise<void> {
    const swept = await Promise.allSettled(sweepers.map(sweepTable));
    const failed = swept.find((sweep) => sweep.status === 'rejected');
    if (failed) {
      const err = toError(failed.reason);
      // An outage is logged once. Any other error is a defect, and is logged every time.
      if (!failing || !isUnavailable(err)) logger.warn('outbox sweeper cannot work', { err });
    } else if (failing) {
      logger.info('outbox sweeper recovered');
    }
    failing = failed !== undefined;
  }

  let current = Promise.resolve();
  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(
      () => {
        current = sweepAll().then(schedule);
      },
      intervalMs * (0.75 + Math.random() / 2),
    );
  }
  schedule();

  return {
    /** Resolves when the current sweep has ended. No other starts. */
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
