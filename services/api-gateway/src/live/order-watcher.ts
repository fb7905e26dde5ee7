import { ORDER_STATES, type OrderRecord } from '@orderflow/contracts';
import { toError } from '@orderflow/platform/errors';
import type { TableReader } from '@orderflow/platform/statements/table-reader';

type OrderListener = {
  /** The order has another version than before. */
  onChange: (order: OrderRecord) => void;
  /** The order cannot be read at present; told once, until it can be read again. */
  onProblem: (error: Error) => void;
};

export type OrderWatcher = {
  /** Tells of each change after this state of the order. @returns what ends it */
  watch(order: OrderRecord, listener: OrderListener): () => void;
};

/** Changes show within this and the time of a read. */
const INTERVAL_MS = 500;
const READ_AT_ONCE = 100;

export function isTerminal({ status }: OrderRecord): boolean {
  return status === ORDER_STATES.done || status === ORDER_STATES.failed;
}

/**
 * Reads the orders that somebody watches, all of them together, however many watch each. Nothing is read while nobody
 * does.
 */
export function createOrderWatcher(orders: TableReader, intervalMs = INTERVAL_MS): OrderWatcher {
  const watched = new Map<string, { version: number; listeners: Set<OrderListener> }>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let failing = false;

  async function look(): Promise<void> {
    const ids = [...watched.keys()];
    const chunks = Array.from({ length: Math.ceil(ids.length / READ_AT_ONCE) }, (_, index) =>
      orders.getMany(ids.slice(index * READ_AT_ONCE, (index + 1) * READ_AT_ONCE)),
    );
    for (const order of (await Promise.all(chunks)).flat() as OrderRecord[]) {
      const entry = watched.get(order.orderId);
      // A listener that joined meanwhile may have brought a later state with it.
      if (!entry || order.version <= entry.version) continue;
      entry.version = order.version;
      for (const { onChange } of entry.listeners) onChange(order);
    }
  }

  async function tick(): Promise<void> {
    timer = undefined;
    looking = true;
    try {
      await look();
      failing = false;
    } catch (thrown) {
      if (!failing) {
        for (const { listeners } of watched.values()) for (const { onProblem } of listeners) onProblem(toError(thrown));
      }
      failing = true;
    }
    looking = false;
    schedule();
  }

  function schedule(): void {
    if (timer || looking || watched.size === 0) return;
    timer = setTimeout(() => void tick(), intervalMs);
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
        // Whoever watches already has seen more; the next look tells this one too.
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
