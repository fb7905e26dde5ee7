import { Inject, Injectable } from '@nestjs/common';
import { DEFAULT_PAGE_SIZE, INDEXES, type ListOrdersQuery, type OrderPage } from '@orderflow/contracts';
import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import { toOrder } from '@orderflow/domain/orders/order';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import { listBucketsOf, listMonthOf } from '@orderflow/domain/work-item-record';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import { CLOCK, MONOTONIC, ORDERS, type StoredItems } from '../infrastructure/tokens.js';
import { KEEP_READABLE, type KeepReadable } from '../lists/keep-readable.js';
import { LIMIT_LISTS, type LimitConcurrency } from '../lists/limit-concurrency.js';
import { decodeCursor } from '../lists/page-cursor.js';
import { readPage } from '../lists/read-page.js';

/** The index entry of an order. */
type Entry = { orderId: string; createdAtId: string };

/** The search for older orders ends here. Older than the system, to include orders made under a slow clock. */
const FIRST_MONTH = '2025-01';
/** More than the difference between the replicas' clocks. A month can still get orders this long after its end. */
const CLOCK_SKEW_MS = 3_600_000;
const FORGET_AFTER_MS = 3_600_000;

/** For example `2025-01`, 1 → `2025-02`. */
function monthAfter(month: string, months: number): string {
  const start = new Date(`${month}-01T00:00:00.000Z`);
  start.setUTCMonth(start.getUTCMonth() + months);
  return listMonthOf(start.toISOString());
}

/**
 * Pages of orders, newest first. A page costs a fixed number of index queries and one batch read per 20 orders, whatever
 * the size of the table; once an hour, one page also queries all empty months. Everything shown is current, because it
 * comes from the batch reads. A page of large orders ends before its limit.
 */
@Injectable()
export class ListOrders {
  /** Past months without orders. They are queried again once an hour, in case the clock was wrong. */
  private readonly emptyMonths = new Set<string>();
  private rememberedForMs;

  constructor(
    @Inject(ORDERS) private readonly orders: Pick<StoredItems, 'reader'>,
    @Inject(LIMIT_LISTS) private readonly limitLists: LimitConcurrency,
    @Inject(KEEP_READABLE) private readonly keepReadable: KeepReadable,
    @Inject(CLOCK) private readonly now: Clock,
    @Inject(MONOTONIC) private readonly monotonic: MonotonicClock,
  ) {
    this.rememberedForMs = monotonic.startStopwatch();
  }

  /** @throws ApiProblem VALIDATION_FAILED for a cursor of another list; OVERLOADED */
  async list(query: ListOrdersQuery): Promise<OrderPage> {
    const filter = query.customerId ?? '';
    const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, filter);
    return this.limitLists(() => this.page(query, before, filter));
  }

  private async page(
    { limit = DEFAULT_PAGE_SIZE, customerId }: ListOrdersQuery,
    before: string | undefined,
    filter: string,
  ): Promise<OrderPage> {
    // One extra entry tells whether there is a next page.
    const entries = await (customerId === undefined
      ? this.latest(before, limit + 1)
      : this.entriesOf(INDEXES.byCustomer, { name: 'customerId', value: customerId }, before, limit + 1));
    const { shown: items, nextCursor } = await readPage(entries, {
      reader: this.orders.reader,
      key: ORDER_KEY,
      keepReadable: this.keepReadable,
      limit,
      filter,
      isReadable: isOrderRecord,
      show: toOrder,
    });
    return { items, nextCursor };
  }

  private async latest(before: string | undefined, limit: number): Promise<Entry[]> {
    const entries: Entry[] = [];
    const newest = new Date(this.now() + CLOCK_SKEW_MS).toISOString();
    // A forged cursor may name a month in the far future.
    let month = listMonthOf(before === undefined || before > newest ? newest : before);
    for (; month >= FIRST_MONTH && entries.length < limit; month = monthAfter(month, -1)) {
      entries.push(...(await this.entriesOfMonth(month, before, limit - entries.length)));
    }
    return entries;
  }

  private async entriesOfMonth(month: string, before: string | undefined, limit: number): Promise<Entry[]> {
    if (this.rememberedForMs() > FORGET_AFTER_MS) {
      this.emptyMonths.clear();
      this.rememberedForMs = this.monotonic.startStopwatch();
    }
    const isOver = this.now() - Date.parse(monthAfter(month, 1)) > CLOCK_SKEW_MS;
    if (this.emptyMonths.has(month) && isOver) return [];
    const shards = await Promise.all(
      listBucketsOf(month).map((value) => this.entriesOf(INDEXES.byTime, { name: 'listBucket', value }, before, limit)),
    );
    const entries = shards
      .flat()
      .sort((a, b) => (a.createdAtId < b.createdAtId ? 1 : -1))
      .slice(0, limit);
    const isWhole = !before?.startsWith(month);
    if (entries.length === 0 && isWhole && isOver) this.emptyMonths.add(month);
    return entries;
  }

  private async entriesOf(
    index: string,
    partition: { name: string; value: string },
    before: string | undefined,
    limit: number,
  ): Promise<Entry[]> {
    const sort = { name: 'createdAtId', before };
    return (await this.orders.reader.query({ index, partition, sort, newestFirst: true, limit })) as Entry[];
  }
}
