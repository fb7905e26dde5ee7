import { describe, expect, it } from '@jest/globals';
import { type ListOrdersQuery, type OrderPage } from '@orderflow/contracts';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import fc from 'fast-check';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { ordersOver } from '@orderflow/testing/api-gateway/orders-over';
import { ANYONE } from '../identity/caller.js';
import { PageReader } from '../lists/page-reader.js';
import { ReadableFilter } from '../lists/readable-filter.js';
import { ListOrders } from './list-orders.js';

const NOW_MS = Date.UTC(2027, 2, 14);
const MAX_PAGE_BYTES = 1_048_576;
/** Upper bound for one call: 20 of the largest items below. */
const MAX_READ_AT_ONCE = 20;
/** Bytes of an order's only product name. The largest makes an item that the API would have rejected. */
const SIZES = [10, 2_000, 94_000, 390_000, 1_200_000];

type Stored = Omit<OrderRecord, 'items'> & { items: unknown };

function order(size: number, index: number): Stored {
  const record = aStoredOrder({ now: NOW_MS - index });
  if (size < 0) return { ...record, items: undefined };
  return { ...record, items: [{ productId: 'p-1', productName: 'x'.repeat(size), quantity: 1, unitPrice: 1 }] };
}

function createList(stored: readonly Stored[]) {
  const reads: number[] = [];
  const orders: TableReader = {
    get: () => Promise.reject(new Error('not used')),
    getMany: (ids) => {
      reads.push(ids.length);
      return Promise.resolve(stored.filter(({ orderId }) => ids.includes(orderId)));
    },
    query: ({ partition, sort, limit }) =>
      Promise.resolve(
        stored
          .filter((one) => partition.name === 'customerId' || one.listBucket === partition.value)
          .filter(({ createdAtId }) => sort.before === undefined || createdAtId < sort.before)
          .slice(0, limit)
          .map(({ orderId, createdAtId }) => ({ orderId, createdAtId })),
      ),
  };
  const log = createRecordingLogger();
  const pages = new PageReader(new ReadableFilter(log.logger));
  const lists = new ListOrders(ordersOver(orders), pages, () => NOW_MS, createMonotonicClock());
  return {
    reads,
    log,
    list: (request: ListOrdersQuery) => lists.list(ANYONE, request),
  };
}

const bytesOf = ({ items }: OrderPage): number =>
  items.reduce((sum, item) => sum + Buffer.byteLength(JSON.stringify(item)), 0);

describe('a list of orders', () => {
  it('shows each order once and in order, in bounded pages, whatever their sizes, even among malformed ones', async () => {
    const sizes = fc.array(fc.constantFrom(-1, ...SIZES), { maxLength: 60 });
    const query = fc.record({ limit: fc.integer({ min: 1, max: 100 }), ofCustomer: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(sizes, query, async (all, { limit, ofCustomer }) => {
        const stored = all.map(order);
        const { list, reads, log } = createList(stored);
        const filter = ofCustomer ? { customerId: 'customer-1' } : {};
        const seen: string[] = [];
        let cursor: string | null = null;
        let pages = 0;
        do {
          const page: OrderPage = await list({ limit, ...filter, ...(cursor === null ? {} : { cursor }) });
          seen.push(...page.items.map(({ orderId }) => orderId));
          expect(page.items.length).toBeLessThanOrEqual(limit);
          if (page.items.length > 1) expect(bytesOf(page)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
          cursor = page.nextCursor;
          pages += 1;
          expect(pages).toBeLessThanOrEqual(stored.length + 1);
        } while (cursor !== null);
        const readable = stored.filter((_, index) => all[index] !== -1);
        expect(seen).toEqual(readable.map(({ orderId }) => orderId));
        expect(Math.max(0, ...reads)).toBeLessThanOrEqual(MAX_READ_AT_ONCE);
        expect(log.lines).toHaveLength(stored.length - readable.length);
      }),
      { numRuns: 60 },
    );
  });

  it('costs one read for a page of the usual length', async () => {
    const { list, reads } = createList(Array.from({ length: 30 }, (_, index) => order(10, index)));
    expect((await list({})).items).toHaveLength(20);
    expect(reads).toEqual([20]);
  });

  it('stops reading when a page is full', async () => {
    const { list, reads } = createList(Array.from({ length: 100 }, (_, index) => order(94_000, index)));
    expect((await list({ limit: 100 })).items).toHaveLength(11);
    expect(reads).toEqual([20]);
  });
});
