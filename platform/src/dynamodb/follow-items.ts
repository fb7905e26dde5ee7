import type { Clock } from '../runtime/clock.js';
import { Recent } from '../runtime/recent.js';
import type { Projection, TableReader } from './table-reader.js';

type Item = Record<string, unknown>;

type FollowOptions = {
  reader: TableReader;
  /** Partition key of the table. */
  key: string;
  /** Index whose partitions hold the items by time. Its sort key begins with the item's ISO 8601 time. */
  index: { name: string; partition: string; sort: string; partitionsAt: (epochMs: number) => readonly string[] };
  /** The attributes to read, besides those that the follower itself needs. */
  projection: Projection;
  /** The item will not change in a way that is worth following. */
  isFinished: (item: Item) => boolean;
  /** The item changes only if an operator acts: it is read less often. */
  isResting: (item: Item) => boolean;
  now: Clock;
};

export type Follower = ReturnType<typeof createFollower>;

/** Entries that one poll takes from a partition. If there are more new ones, the oldest are not followed. */
const PAGE = 50;
/** An entry may appear in the index this long after its own time. */
const OVERLAP_MS = 3_000;
/** Unfinished items that one poll reads again. If there are more, they take turns. */
const READ_AGAIN = 300;
const RESTING_READ_AGAIN = 20;
const MAX_RESTING = 200;
const MAX_UNFINISHED = 5_000;
const MAX_REMEMBERED = 2_000;

/**
 * Follows a table's newest items without a stream: it finds new items in an index, and reads unfinished items again.
 * Memory and reads are bounded, however large the table is.
 */
export function createFollower({ reader, key, index, projection, ...options }: FollowOptions) {
  const { isFinished, isResting, now } = options;
  const attributes = ['version', index.sort, ...projection];
  /** Last version seen of items that are not finished. */
  const unfinished = new Recent<unknown>(MAX_UNFINISHED);
  const resting = new Recent<unknown>(MAX_RESTING);
  const finished = new Recent<true>(MAX_REMEMBERED);
  let seenUntilMs: number | undefined;
  let latestMs = -Infinity;

  const isKnown = (id: string): boolean => unfinished.has(id) || resting.has(id) || finished.has(id);

  async function newIds(pollMs: number): Promise<string[]> {
    const fromMs = Math.min(seenUntilMs ?? pollMs, pollMs) - OVERLAP_MS;
    const partitions = new Set([...index.partitionsAt(fromMs), ...index.partitionsAt(pollMs)]);
    const after = seenUntilMs === undefined ? {} : { after: new Date(fromMs).toISOString() };
    // If the clock was set back, the newest entries lie in the future and would hide new ones.
    const bound = pollMs < latestMs ? { before: new Date(pollMs + 1).toISOString() } : after;
    latestMs = Math.max(latestMs, pollMs);
    const pages = await Promise.all(
      [...partitions].map((value) =>
        reader.query({
          index: index.name,
          partition: { name: index.partition, value },
          sort: { name: index.sort, ...bound },
          newestFirst: true,
          limit: PAGE,
        }),
      ),
    );
    const ids = new Set(pages.flat().map((entry) => String(entry[key])));
    return [...ids].filter((id) => !isKnown(id));
  }

  /** Remembers an item as read; false when this version is known. */
  function note(item: Item): boolean {
    const id = String(item[key]);
    const isNews = !finished.has(id) && (unfinished.get(id) ?? resting.get(id)) !== item.version;
    unfinished.delete(id);
    resting.delete(id);
    if (isFinished(item)) finished.set(id, true);
    else if (isResting(item)) resting.set(id, item.version);
    // At the end, so that unfinished items take turns.
    else unfinished.set(id, item.version);
    return isNews;
  }

  return {
    /**
     * The projected items that are new or have changed since the last poll, oldest first. The first poll returns the
     * newest items. @throws the reader's error; the next poll starts where this one did
     */
    poll: async (): Promise<Item[]> => {
      const pollMs = now();
      const again = [
        ...[...unfinished.keys()].slice(0, READ_AGAIN),
        ...[...resting.keys()].slice(0, RESTING_READ_AGAIN),
      ];
      // The new ones last: when there are too many, they push out those that were read longest ago.
      const items = await reader.getMany([...again, ...(await newIds(pollMs))], attributes);
      seenUntilMs = pollMs;
      return items.filter(note).sort((a, b) => (String(a[index.sort]) < String(b[index.sort]) ? -1 : 1));
    },
  };
}
