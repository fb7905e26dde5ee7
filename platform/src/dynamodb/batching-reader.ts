import { errorKindOf } from '../aws/error-kind.js';
import { createBatcher } from '../runtime/batching.js';
import type { Projection, TableReader } from './table-reader.js';

type Item = Record<string, unknown>;

/** Keys that one BatchGetItem takes: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100;
/** Calls in flight at a time. More calls mean smaller batches. */
const CONCURRENCY = 2;
/** Reads that may wait. */
const CAPACITY = 1_000;

export type BatchingReader = (id: string) => Promise<Item | undefined>;

/**
 * Reads single items, in shared calls: reads that arrive while two calls are in flight share the next one. Strongly
 * consistent.
 * @param key name of the table's partition key
 */
export function createBatchingReader(
  reader: Pick<TableReader, 'getMany'>,
  key: string,
  projection: Projection,
): BatchingReader {
  const batcher = createBatcher<string, Item | undefined>({
    maxItems: MAX_KEYS,
    concurrency: CONCURRENCY,
    capacity: CAPACITY,
    // BatchGetItem refuses a key that is there twice.
    keyOf: (id) => id,
    // While the service does not answer, each waiting read would run into its own timeout.
    failsWaiting: (error) => errorKindOf(error) === 'timeout',
    send: async (ids) => {
      const items = await reader.getMany(ids, projection);
      const byId = new Map(items.map((item) => [item[key], item]));
      return ids.map((id) => ({ result: byId.get(id) }));
    },
  });
  return batcher.submit;
}
