import { Injectable } from '@nestjs/common';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import { toError } from '@orderflow/platform/runtime/errors';
import { Orders } from '../infrastructure/stored-items.js';
import { Logger } from '../infrastructure/tokens.js';
import { ReadableFilter } from '../lists/readable-filter.js';

/** `onChange`: the order has a new version. `onProblem`: it cannot be read now; called once per outage. */
type OrderListener = { onChange: (order: OrderRecord) => void; onProblem: (error: Error) => void };

/** Changes appear within this time plus two reads. */
const INTERVAL_MS = 400;
/** Whole orders in memory at once. */
const ORDERS_AT_ONCE = 25;

/**
 * Polls all watched orders together, however many clients watch each. It reads their versions, and a whole order only
 * when its version has changed. It reads nothing while no one watches.
 */
@Injectable()
export class OrderWatcher {
  readonly intervalMs = INTERVAL_MS;
  private readonly watched = new Map<string, { version: number; listeners: Set<OrderListener> }>();
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private failing = false;

  constructor(
    private readonly orders: Orders,
    private readonly readable: ReadableFilter,
    private readonly logger: Logger,
  ) {}

  /** Reports each change after this state of the order. @returns a function that stops it */
  watch(order: OrderRecord, listener: OrderListener): () => void {
    const { watched } = this;
    const { orderId, version } = order;
    const entry = watched.get(orderId) ?? { version, listeners: new Set() };
    watched.set(orderId, entry);
    const isNews = version > entry.version;
    // If other listeners have seen a later version, the next poll reports it to this one too.
    entry.version = version;
    if (isNews) for (const { onChange } of entry.listeners) onChange(order);
    entry.listeners.add(listener);
    this.schedule();
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size === 0 && watched.get(orderId) === entry) watched.delete(orderId);
      if (watched.size > 0) return;
      clearTimeout(this.timer);
      this.timer = undefined;
    };
  }

  private schedule(): void {
    if (this.timer || this.looking || this.watched.size === 0) return;
    this.timer = setTimeout(() => {
      // Nothing awaits this call, and an unhandled rejection would end the process.
      this.tick().catch((error: unknown) => {
        this.logger.error('watched orders could not be read', { err: toError(error) });
      });
    }, this.intervalMs);
  }

  private async tick(): Promise<void> {
    this.timer = undefined;
    this.looking = true;
    try {
      await this.look();
      this.failing = false;
    } catch (thrown) {
      if (this.failing) return;
      this.failing = true;
      const error = toError(thrown);
      for (const { listeners } of this.watched.values()) for (const { onProblem } of listeners) onProblem(error);
    } finally {
      this.looking = false;
      this.schedule();
    }
  }

  private async look(): Promise<void> {
    const { reader } = this.orders;
    const states = await reader.getMany([...this.watched.keys()], ['version']);
    const changed = states.filter(({ orderId, version }) => this.isNews(String(orderId), version));
    while (changed.length > 0) {
      const ids = changed.splice(0, ORDERS_AT_ONCE).map(({ orderId }) => String(orderId));
      for (const order of this.readable.keep(await reader.getMany(ids), isOrderRecord, ORDER_KEY)) {
        const entry = this.watched.get(order.orderId);
        // A listener that joined during the read may have brought a later state.
        if (!entry || !this.isNews(order.orderId, order.version)) continue;
        entry.version = order.version;
        for (const { onChange } of entry.listeners) onChange(order);
      }
    }
  }

  private isNews(orderId: string, version: unknown): boolean {
    const entry = this.watched.get(orderId);
    return entry !== undefined && typeof version === 'number' && version > entry.version;
  }
}
