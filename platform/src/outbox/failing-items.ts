import { toError } from '../errors.js';
import type { Logger } from '../logger.js';

export type FailingItems = {
  /** @param reason why the sweeper can do nothing for the item */
  add: (id: string, reason: unknown) => void;
  remove: (id: string) => void;
  /** A sentence for health and operators; undefined while no item fails. */
  problem: () => string | undefined;
};

/** Items that are named; the log has them all. */
const MOST_REMEMBERED = 1_000;

type Options = {
  table: string;
  logger: Pick<Logger, 'error'>;
  /** Epoch ms. */
  now: () => number;
  /** How long an item counts as failing after it was last seen: longer than the pause until it is looked at again. */
  rememberMs: number;
};

/** The items of a table that no sweep can bring on: an unreadable row, or an event that the bus refuses for good. */
export function createFailingItems({ table, logger, now, rememberMs }: Options): FailingItems {
  const until = new Map<string, number>();
  return {
    add: (id, reason) => {
      logger.error('an outbox item cannot be brought on: repair the row', { table, id, err: toError(reason) });
      if (until.size < MOST_REMEMBERED) until.set(id, now() + rememberMs);
    },
    remove: (id) => {
      until.delete(id);
    },
    problem: () => {
      for (const [id, end] of until) if (end < now()) until.delete(id);
      const [first] = until.keys();
      if (first === undefined) return undefined;
      return `${until.size} item${until.size === 1 ? '' : 's'} of ${table} cannot be brought on, such as ${first}; the log says why`;
    },
  };
}
