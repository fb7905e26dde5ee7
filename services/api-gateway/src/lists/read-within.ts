import type { Projection, TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { ItemKey, KeepReadable } from './keep-readable.js';

type Item = Record<string, unknown>;

/** Bytes of items in one answer, as JSON. The first item is always shown. */
const MAX_ANSWER_BYTES = 1_048_576;
/**
 * Items per call. Their sizes are unknown before: an order with 100 of the longest lines is 94 KB, and takes about six
 * times that while it is read. A page of the default length still takes one call.
 */
const READ_AT_ONCE = 20;

export type WithinOptions<Stored, Shown> = {
  reader: TableReader;
  ids: readonly string[];
  key: ItemKey;
  projection?: Projection;
  keepReadable: KeepReadable;
  isReadable: (item: Item) => item is Item & Stored;
  /** Maps an item to what the client sees. */
  show: (item: Stored) => Shown;
};

/**
 * Reads items in the order of `ids` until all are read or the next one would exceed MAX_ANSWER_BYTES.
 * @returns the shown items, and how many ids they cover, including ids of missing and malformed items
 */
export async function readWithin<Stored, Shown>(
  options: WithinOptions<Stored, Shown>,
): Promise<{ shown: Shown[]; covered: number }> {
  const { reader, ids, key, projection, keepReadable, isReadable, show } = options;
  const shown: Shown[] = [];
  let bytes = 0;
  for (let start = 0; start < ids.length; start += READ_AT_ONCE) {
    const items = await reader.getMany(ids.slice(start, start + READ_AT_ONCE), projection);
    for (const item of items) {
      const [stored] = keepReadable([item], isReadable, key);
      if (stored === undefined) continue;
      const one = show(stored);
      bytes += Buffer.byteLength(JSON.stringify(one));
      if (bytes > MAX_ANSWER_BYTES && shown.length > 0) return { shown, covered: ids.indexOf(String(item[key])) };
      shown.push(one);
    }
  }
  return { shown, covered: ids.length };
}
