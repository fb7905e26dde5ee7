import { Injectable } from '@nestjs/common';
import { DEFAULT_PAGE_SIZE, INDEXES, type ListOrdersQuery, type OrderPage } from '@orderflow/contracts';
import { toOrder } from '@orderflow/domain/orders/order';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import { listBucketsOf, listMonthOf } from '@orderflow/domain/work-item-record';
import { customerNotFound } from '../http/problems/api-problem.js';
import { maySee, type Caller } from '../identity/caller.js';
import { Orders } from '../infrastructure/stored-items.js';
import { Clock, MonotonicClock } from '../infrastructure/tokens.js';
import { decodeCursor } from '../lists/page-cursor.js';
import { PageReader } from '../lists/page-reader.js';

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
    private readonly orders: Orders,
    private readonly pages: PageReader,
    private readonly now: Clock,
    private readonly monotonic: MonotonicClock,
  ) {
    this.rememberedForMs = monotonic.startStopwatch();
  }

  /**
   * A customer's list has its own orders only.
   * @throws ApiProblem CUSTOMER_NOT_FOUND; VALIDATION_FAILED for a cursor of another list; OVERLOADED
   */
  async list(
    caller: Caller,
    { customerId: named, cursor, limit = DEFAULT_PAGE_SIZE }: ListOrdersQuery,
  ): Promise<OrderPage> {
    if (named !== undefined && !maySee(caller, named)) throw customerNotFound();
    const customerId = named ?? caller.customerId;
    const filter = customerId ?? '';
    return this.pages.read(this.orders, {
      filter,
      position: decodeCursor(cursor, filter),
      limit,
      readEntries: (before, most) =>
        customerId === undefined
          ? this.latest(before, most)
          : this.entriesOf(INDEXES.byCustomer, { name: 'customerId', value: customerId }, before, most),
      isReadable: isOrderRecord,
      show: toOrder,
    });
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
