import { DEFAULT_PAGE_SIZE, INDEXES, type ListOrdersQuery, type OrderPage } from '@orderflow/contracts';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import { toOrder } from '@orderflow/domain/orders/order';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import { listBucketsOf, listMonthOf } from '@orderflow/domain/work-item-record';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { LimitConcurrency } from '../lists/limit-concurrency.js';
import type { KeepReadable } from '../lists/keep-readable.js';
import { decodeCursor, encodeCursor } from '../lists/page-cursor.js';
import { readWithin } from '../lists/read-within.js';

/** The index entry of an order. */
type Entry = { orderId: string; createdAtId: string };

/** The search for older orders ends here. Older than the system, to include orders made under a slow clock. */
const FIRST_MONTH = '2025-01';
/** More than the difference between the replicas' clocks. A month can still get orders this long after its end. */
const CLOCK_SKEW_MS = 3_600_000;
const FORGET_AFTER_MS = 3_600_000;

function monthBefore(month: string): string {
  const start = new Date(`${month}-01T00:00:00.000Z`);
  start.setUTCMonth(start.getUTCMonth() - 1);
  return listMonthOf(start.toISOString());
}

function newestFirst(a: Entry, b: Entry): number {
  return a.createdAtId < b.createdAtId ? 1 : -1;
}

/** The end of a month, in epoch ms. */
function endOf(month: string): number {
  const end = new Date(`${month}-01T00:00:00.000Z`);
  return end.setUTCMonth(end.getUTCMonth() + 1);
}

type Dependencies = {
  orders: TableReader;
  limit: LimitConcurrency;
  keepReadable: KeepReadable;
  now: Clock;
  monotonic: MonotonicClock;
};

/**
 * Pages of orders, newest first. A page costs a fixed number of index queries and one batch read per 20 orders, whatever
 * the size of the table; once an hour, one page also queries all empty months. Everything shown is current, because it
 * comes from the batch reads. A page of large orders ends before its limit.
 */
export function createListOrders({ orders, limit: limitConcurrency, keepReadable, now, monotonic }: Dependencies) {
  /** Past months without orders. They are queried again once an hour, in case the clock was wrong. */
  const emptyMonths = new Set<string>();
  let rememberedForMs = monotonic.startStopwatch();

  const isOver = (month: string): boolean => now() - endOf(month) > CLOCK_SKEW_MS;

  async function entriesOfMonth(month: string, before: string | undefined, limit: number): Promise<Entry[]> {
    if (rememberedForMs() > FORGET_AFTER_MS) {
      emptyMonths.clear();
      rememberedForMs = monotonic.startStopwatch();
    }
    if (emptyMonths.has(month) && isOver(month)) return [];
    const shards = await Promise.all(
      listBucketsOf(month).map((bucket) =>
        orders.query({
          index: INDEXES.byTime,
          partition: { name: 'listBucket', value: bucket },
          sort: { name: 'createdAtId', before },
          newestFirst: true,
          limit,
        }),
      ),
    );
    const entries = (shards.flat() as Entry[]).sort(newestFirst).slice(0, limit);
    const whole = !before?.startsWith(month);
    if (entries.length === 0 && whole && isOver(month)) emptyMonths.add(month);
    return entries;
  }

  async function latest(before: string | undefined, limit: number): Promise<Entry[]> {
    const entries: Entry[] = [];
    const newest = new Date(now() + CLOCK_SKEW_MS).toISOString();
    // A forged cursor may name a month in the far future.
    let month = listMonthOf(before === undefined || before > newest ? newest : before);
    for (; month >= FIRST_MONTH && entries.length < limit; month = monthBefore(month)) {
      entries.push(...(await entriesOfMonth(month, before, limit - entries.length)));
    }
    return entries;
  }

  async function ofCustomer(customerId: string, before: string | undefined, limit: number): Promise<Entry[]> {
    const entries = await orders.query({
      index: INDEXES.byCustomer,
      partition: { name: 'customerId', value: customerId },
      sort: { name: 'createdAtId', before },
      newestFirst: true,
      limit,
    });
    return entries as Entry[];
  }

  async function readPage(
    { limit = DEFAULT_PAGE_SIZE, customerId }: ListOrdersQuery,
    before: string | undefined,
    filter: string,
  ): Promise<OrderPage> {
    // One extra entry tells whether there is a next page.
    const entries = await (customerId === undefined
      ? latest(before, limit + 1)
      : ofCustomer(customerId, before, limit + 1));
    const page = entries.slice(0, limit);
    const { shown, covered } = await readWithin({
      reader: orders,
      ids: page.map(({ orderId }) => orderId),
      key: ORDER_KEY,
      keepReadable,
      isReadable: isOrderRecord,
      show: toOrder,
    });
    const last = page[covered - 1];
    return {
      items: shown,
      nextCursor: last && entries.length > covered ? encodeCursor(last.createdAtId, filter) : null,
    };
  }

  /** @throws ApiProblem VALIDATION_FAILED for a cursor of another list; OVERLOADED */
  return async (query: ListOrdersQuery): Promise<OrderPage> => {
    const filter = query.customerId ?? '';
    const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, filter);
    return limitConcurrency(() => readPage(query, before, filter));
  };
}

export const LIST_ORDERS = Symbol('LIST_ORDERS');
export type ListOrders = ReturnType<typeof createListOrders>;
