import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import { toError } from '@orderflow/platform/runtime/errors';
import type { Logger } from '@orderflow/platform/runtime/logger';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { KeepReadable } from '../lists/keep-readable.js';

/** `onChange`: the order has a new version. `onProblem`: it cannot be read now; called once per outage. */
type OrderListener = { onChange: (order: OrderRecord) => void; onProblem: (error: Error) => void };

export type OrderWatcher = {
  /** Reports each change after this state of the order. @returns a function that stops it */
  watch(order: OrderRecord, listener: OrderListener): () => void;
};

type WatcherOptions = { orders: TableReader; keepReadable: KeepReadable; logger: Logger; intervalMs?: number };

/** Changes appear within this time plus two reads. */
const INTERVAL_MS = 400;
/** Whole orders in memory at once. */
const ORDERS_AT_ONCE = 25;

export function isTerminal({ status }: OrderRecord): boolean {
  return status === ORDER_STATES.completed || status === ORDER_STATES.failed;
}

/**
 * Polls all watched orders together, however many clients watch each. It reads their versions, and a whole order only
 * when its version has changed. It reads nothing while no one watches.
 */
export function createOrderWatcher(options: WatcherOptions): OrderWatcher {
  const { orders, keepReadable, logger, intervalMs = INTERVAL_MS } = options;
  const watched = new Map<string, { version: number; listeners: Set<OrderListener> }>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let failing = false;

  const isNews = (orderId: string, version: unknown): boolean => {
    const entry = watched.get(orderId);
    return entry !== undefined && typeof version === 'number' && version > entry.version;
  };

  async function look(): Promise<void> {
    const states = await orders.getMany([...watched.keys()], ['version']);
    const changed = states.filter(({ orderId, version }) => isNews(String(orderId), version));
    while (changed.length > 0) {
      const ids = changed.splice(0, ORDERS_AT_ONCE).map(({ orderId }) => String(orderId));
      for (const order of keepReadable(await orders.getMany(ids), isOrderRecord, ORDER_KEY)) {
        const entry = watched.get(order.orderId);
        // A listener that joined during the read may have brought a later state.
        if (!entry || !isNews(order.orderId, order.version)) continue;
        entry.version = order.version;
        for (const { onChange } of entry.listeners) onChange(order);
      }
    }
  }

  async function tick(): Promise<void> {
    timer = undefined;
    looking = true;
    try {
      await look();
      failing = false;
    } catch (thrown) {
      if (failing) return;
      failing = true;
      for (const { listeners } of watched.values()) for (const { onProblem } of listeners) onProblem(toError(thrown));
    } finally {
      looking = false;
      schedule();
    }
  }

  /** Nothing awaits this call, and an unhandled rejection would end the process. */
  function tickAlone(): void {
    tick().catch((error: unknown) => {
      logger.error('look at watched orders failed', { err: toError(error) });
    });
  }

  function schedule(): void {
    if (timer || looking || watched.size === 0) return;
    timer = setTimeout(tickAlone, intervalMs);
  }

  return {
    watch: (order, listener) => {
      const { orderId, version } = order;
      const entry = watched.get(orderId) ?? { version, listeners: new Set() };
      watched.set(orderId, entry);
      if (version > entry.version) {
        entry.version = version;
        for (const { onChange } of entry.listeners) onChange(order);
      } else if (version < entry.version) {
        // Other listeners have seen a later version. The next poll reports it to this one too.
        entry.version = version;
      }
      entry.listeners.add(listener);
      schedule();
      return () => {
        entry.listeners.delete(listener);
        if (entry.listeners.size === 0 && watched.get(orderId) === entry) watched.delete(orderId);
        if (watched.size === 0) {
          clearTimeout(timer);
          timer = undefined;
        }
      };
    },
  };
}
