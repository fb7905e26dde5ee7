import type { Projection, TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { ItemKey, KeepReadable } from './keep-readable.js';
import { encodeCursor } from './page-cursor.js';

type Item = Record<string, unknown>;

/** Bytes of items in one answer, as JSON. The first item is always shown. */
const MAX_ANSWER_BYTES = 1_048_576;
/**
 * Items per call. Their sizes are unknown before: an order with 100 of the longest lines is 94 KB, and takes about six
 * times that while it is read. A page of the default length still takes one call.
 */
const READ_AT_ONCE = 20;

export type PageView<Stored, Shown> = {
  projection?: Projection;
  isReadable: (item: Item) => item is Item & Stored;
  show: (item: Stored) => Shown;
};

type PageOptions<Stored, Shown> = PageView<Stored, Shown> & {
  reader: TableReader;
  key: ItemKey;
  keepReadable: KeepReadable;
  limit: number;
  /** The filter that the cursor is bound to. */
  filter: string;
};

/**
 * Reads the items of index entries in their order, until `limit` or MAX_ANSWER_BYTES is reached.
 * @param entries one more than `limit` if there is a next page
 */
export async function readPage<Stored, Shown>(
  entries: readonly Item[],
  options: PageOptions<Stored, Shown>,
): Promise<{ shown: Shown[]; nextCursor: string | null }> {
  const { reader, key, keepReadable, limit, filter, projection, isReadable, show } = options;
  const ids = entries.slice(0, limit).map((entry) => String(entry[key]));
  const shown: Shown[] = [];

  /** @returns how many ids the answer covers, including those of missing and malformed items */
  async function fill(): Promise<number> {
    let bytes = 0;
    for (let start = 0; start < ids.length; start += READ_AT_ONCE) {
      for (const item of await reader.getMany(ids.slice(start, start + READ_AT_ONCE), projection)) {
        const [stored] = keepReadable([item], isReadable, key);
        if (stored === undefined) continue;
        const one = show(stored);
        bytes += Buffer.byteLength(JSON.stringify(one));
        if (bytes > MAX_ANSWER_BYTES && shown.length > 0) return ids.indexOf(String(item[key]));
        shown.push(one);
      }
    }
    return ids.length;
  }

  const covered = await fill();
  const last = entries[covered - 1];
  return {
    shown,
    nextCursor: last && entries.length > covered ? encodeCursor(String(last.createdAtId), filter) : null,
  };
}
