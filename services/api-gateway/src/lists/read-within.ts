import type { Projection, TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { KeepReadable } from './keep-readable.js';

type Item = Record<string, unknown>;

/** What of an answer's items a client gets at once, as JSON. One item is shown however large it is. */
const MAX_ANSWER_BYTES = 1_048_576;
/**
 * Items that one call reads, whose sizes are not known before: an order with 100 of the longest lines is 94 KB, and takes
 * about six times that while it is read. A page of the usual length still takes one call.
 */
const READ_AT_ONCE = 20;

export type WithinOptions<Stored, Shown> = {
  reader: TableReader;
  ids: readonly string[];
  key: 'orderId' | 'notificationId';
  projection?: Projection;
  keepReadable: KeepReadable;
  isReadable: (item: Item) => item is Item & Stored;
  /** What the client gets to see of an item. */
  show: (item: Stored) => Shown;
};

/**
 * Reads items in the order of their ids, until all are read or the next one would exceed MAX_ANSWER_BYTES.
 * @returns what is shown, and how many of the ids that covers: ids of items that do not exist or are malformed count
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
