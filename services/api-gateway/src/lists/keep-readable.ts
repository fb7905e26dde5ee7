import type { NOTIFICATION_KEY } from '@orderflow/domain/notifications/notifications-table';
import type { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import type { Logger } from '@orderflow/platform/runtime/logger';

type Item = Record<string, unknown>;

/** The key of a table, under which logs show ids. */
export type ItemKey = typeof ORDER_KEY | typeof NOTIFICATION_KEY;

export const KEEP_READABLE = Symbol('KEEP_READABLE');
/** Keeps the well-formed items. Each malformed one is left out and logged once, by its id. */
export type KeepReadable = <T>(
  items: readonly Item[],
  isReadable: (item: Item) => item is Item & T,
  key: ItemKey,
) => T[];

/** Ids of logged items that are remembered. */
const MAX_LOGGED = 1_000;

export function createKeepReadable(logger: Logger): KeepReadable {
  const logged = new Set<string>();

  return <T>(items: readonly Item[], isReadable: (item: Item) => item is Item & T, key: ItemKey): T[] =>
    items.filter((item): item is Item & T => {
      if (isReadable(item)) return true;
      const id = String(item[key]);
      if (logged.has(id)) return false;
      if (logged.size >= MAX_LOGGED) logged.clear();
      logged.add(id);
      logger.warn('stored item is malformed', { [key]: id });
      return false;
    });
}
