import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';

/** Entries per call. */
const PAGE = 100;

/** The ids of the items in one partition of an index, oldest first, page by page. The index lags a little. */
export async function* readPartition(
  reader: Pick<TableReader, 'query'>,
  key: string,
  index: { name: string; partition: string; sort: string },
  value: string,
): AsyncGenerator<string[]> {
  let after: string | undefined;
  for (;;) {
    const entries = await reader.query({
      index: index.name,
      partition: { name: index.partition, value },
      sort: { name: index.sort, after },
      newestFirst: false,
      limit: PAGE,
    });
    if (entries.length > 0) yield entries.map((entry) => String(entry[key]));
    if (entries.length < PAGE) return;
    after = String(entries.at(-1)?.[index.sort]);
  }
}
