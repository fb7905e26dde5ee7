import type { MonotonicClock, Stopwatch } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';

export type FailingItems = {
  /** @param reason why the sweeper cannot make progress with the item */
  add: (id: string, reason: unknown) => void;
  remove: (id: string) => void;
  /** A sentence for health checks and operators; undefined while no item fails. */
  problem: () => string | undefined;
};

/** The log names every item. */
const MAX_REMEMBERED = 1_000;

type Options = {
  table: string;
  logger: Pick<Logger, 'error'>;
  monotonic: MonotonicClock;
  /** How long an item counts as failing after its last visit: longer than the pause before the next visit. */
  rememberMs: number;
};

/** Remembers items that no sweep can help: an unreadable row, or an event that the bus always refuses. */
export function createFailingItems({ table, logger, monotonic, rememberMs }: Options): FailingItems {
  const seen = new Map<string, Stopwatch>();
  return {
    add: (id, reason) => {
      logger.error('an outbox item cannot be processed: repair the row', { table, id, err: toError(reason) });
      if (seen.size < MAX_REMEMBERED) seen.set(id, monotonic.startStopwatch());
    },
    remove: (id) => {
      seen.delete(id);
    },
    problem: () => {
      for (const [id, agoMs] of seen) if (agoMs() > rememberMs) seen.delete(id);
      const [first] = seen.keys();
      if (first === undefined) return undefined;
      return `${seen.size} item${seen.size === 1 ? '' : 's'} of ${table} cannot be processed, such as ${first}; the log says why`;
    },
  };
}
