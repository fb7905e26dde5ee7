import { aStoredOrder } from './stored-orders.js';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { StoredEntry } from '@orderflow/domain/work-item-record';

export const START = Date.UTC(2027, 2, 14, 15);
export const at = (ms: number): string => new Date(START + ms).toISOString();
export const TRACE = 'ab'.repeat(16);
export const CONTEXT = {
  requestHash: '',
  correlationId: 'c-1',
  traceparent: `00-${TRACE}-${'cd'.repeat(8)}-01`,
  now: START,
  outboxAt: START + 5_000,
};

/** An order with these entries after its acceptance. */
export function orderWith(timeline: Record<string, StoredEntry>, change: Partial<OrderRecord> = {}): OrderRecord {
  const record = aStoredOrder({ orderId: '0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11', ...CONTEXT });
  return { ...record, timeline: { ...record.timeline, ...timeline }, ...change };
}

export const received = (ms: number, version: number, change: Partial<StoredEntry> = {}): StoredEntry => ({
  ...{ at: at(ms), sentAt: at(20), attempt: 1, messageId: 'm1', worker: 'host-1', version },
  ...change,
});
