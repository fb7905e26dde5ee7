import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import { toError } from '@orderflow/platform/runtime/errors';
import type { Logger } from '@orderflow/platform/runtime/logger';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { KeepReadable } from '../lists/keep-readable.js';

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

type WatcherOptions = { orders: TableReader; keepReadable: KeepReadable; logger: Logger; intervalMs?: number };

/** Changes show within this and the time of two reads. */
const INTERVAL_MS = 400;
/** One call reads so many versions. */
const VERSIONS_AT_ONCE = 100;
/** Whole orders that are in memory at once. */
const ORDERS_AT_ONCE = 25;

export function isTerminal({ status }: OrderRecord): boolean {
  return status === ORDER_STATES.completed || status === ORDER_STATES.failed;
}

function chunksOf(ids: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, index) =>
    ids.slice(index * size, (index + 1) * size),
  );
}

/**
 * Reads the orders that somebody watches, all of them together, however many watch each: their versions, and the whole
 * order when its version is another one. Nothing is read while nobody watches.
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
    const chunks = chunksOf([...watched.keys()], VERSIONS_AT_ONCE);
    const states = (await Promise.all(chunks.map((ids) => orders.getMany(ids, ['version'])))).flat();
    const changed = states.map(({ orderId, version }) => ({ orderId: String(orderId), version }));
    const ids = changed.filter(({ orderId, version }) => isNews(orderId, version)).map(({ orderId }) => orderId);
    for (const chunk of chunksOf(ids, ORDERS_AT_ONCE)) {
      for (const order of keepReadable(await orders.getMany(chunk), isOrderRecord, 'orderId')) {
        const entry = watched.get(order.orderId);
        // A listener that joined meanwhile may have brought a later state with it.
        if (!entry || !isNews(order.orderId, order.version)) continue;
        entry.version = order.version;
        for (const { onChange } of entry.listeners) onChange(order);
      }
    }
  }

  function tellProblem(error: Error): void {
    for (const { listeners } of watched.values()) for (const { onProblem } of listeners) onProblem(error);
  }

  async function tick(): Promise<void> {
    timer = undefined;
    looking = true;
    try {
      await look();
      failing = false;
    } catch (thrown) {
      const isFirst = !failing;
      failing = true;
      if (isFirst) tellProblem(toError(thrown));
    } finally {
      looking = false;
      schedule();
    }
  }

  /** Nobody waits for it, and a rejection that nobody handles ends the process. */
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
