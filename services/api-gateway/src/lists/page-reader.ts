import { Injectable } from '@nestjs/common';
import type { Projection } from '@orderflow/platform/dynamodb/table-reader';
import type { StoredItems } from '../infrastructure/stored-items.js';
import { createLimitConcurrency } from './limit-concurrency.js';
import { encodeCursor } from './page-cursor.js';
import { ReadableFilter } from './readable-filter.js';

type Item = Record<string, unknown>;

/** For lists, timelines and notifications together. Each read holds up to 20 items of up to 100 KB. */
const LISTS = { atOnce: 2, maxWaiting: 100 };
/** Maximum bytes of JSON for the items of one answer. The first item is always included. */
const MAX_ANSWER_BYTES = 1_048_576;
/**
 * Items per call. Their sizes are unknown beforehand: an order with 100 of the longest lines is 94 KB, and takes about
 * six times that while it is read. A page of the default length still takes one call.
 */
const READ_AT_ONCE = 20;

type PageOptions<Stored, Shown> = {
  /** The filter that the next cursor is bound to. */
  filter: string;
  /** Where the page begins, as `decodeCursor` gives it. */
  position?: string | undefined;
  limit: number;
  /** Reads index entries in the order of the page, from the position that the cursor names. */
  readEntries: (position: string | undefined, limit: number) => Promise<Item[]>;
  projection?: Projection;
  isReadable: (item: Item) => item is Item & Stored;
  show: (item: Stored) => Shown;
};

/** Reads pages of items, a bounded number at once. */
@Injectable()
export class PageReader {
  private readonly limitLists = createLimitConcurrency(LISTS);

  constructor(private readonly readable: ReadableFilter) {}

  /**
   * Reads items until the limit or MAX_ANSWER_BYTES is reached.
   * @throws ApiProblem OVERLOADED
   */
  async read<Stored, Shown>(
    { table: { key }, reader }: StoredItems,
    { filter, position, limit, readEntries, projection, isReadable, show }: PageOptions<Stored, Shown>,
  ): Promise<{ items: Shown[]; nextCursor: string | null }> {
    const items: Shown[] = [];

    /** @returns how many ids the answer covers, including those of missing and malformed items */
    const fill = async (ids: readonly string[]): Promise<number> => {
      let bytes = 0;
      for (let start = 0; start < ids.length; start += READ_AT_ONCE) {
        for (const item of await reader.getMany(ids.slice(start, start + READ_AT_ONCE), projection)) {
          const [stored] = this.readable.keep([item], isReadable, key);
          if (stored === undefined) continue;
          const shown = show(stored);
          bytes += Buffer.byteLength(JSON.stringify(shown));
          if (bytes > MAX_ANSWER_BYTES && items.length > 0) return ids.indexOf(String(item[key]));
          items.push(shown);
        }
      }
      return ids.length;
    };

    return this.limitLists(async () => {
      // One extra entry tells whether there is a next page.
      const entries = await readEntries(position, limit + 1);
      const covered = await fill(entries.slice(0, limit).map((entry) => String(entry[key])));
      const last = entries.length > covered ? entries[covered - 1] : undefined;
      return { items, nextCursor: last ? encodeCursor(String(last.createdAtId), filter) : null };
    });
  }
}
