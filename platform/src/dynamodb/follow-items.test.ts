import { describe, expect, it } from '@jest/globals';
import { createFollower } from './follow-items.js';
import type { IndexRange, TableReader } from './table-reader.js';

type Thing = { thingId: string; version: number; status: string; bucket: string; createdAtId: string };

const START = Date.UTC(2027, 2, 31, 23, 59, 0);

/** A table in memory with one bucket per minute, and its follower. */
function createThings() {
  const things = new Map<string, Thing>();
  const time = { ms: START };
  const queries: IndexRange[] = [];
  const reads: number[] = [];
  const projections = new Set<string>();
  let failing = false;
  const bucketOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

  const reader: TableReader = {
    get: () => Promise.reject(new Error('not used')),
    getMany: (ids, projection) => {
      projections.add(projection?.join(' ') ?? 'the whole item');
      if (failing) return Promise.reject(new Error('away'));
      if (ids.length > 0) reads.push(ids.length);
      return Promise.resolve(ids.flatMap((id) => things.get(id) ?? []).map((thing) => ({ ...thing })));
    },
    query: (range) => {
      queries.push(range);
      const found = [...things.values()]
        .filter(({ bucket, createdAtId }) => {
          const { after = '', before = '~' } = range.sort;
          return bucket === range.partition.value && createdAtId > after && createdAtId < before;
        })
        .sort((a, b) => (a.createdAtId < b.createdAtId ? 1 : -1))
        .slice(0, range.limit);
      return Promise.resolve(found.map(({ thingId }) => ({ thingId })));
    },
  };
  const follower = createFollower({
    reader,
    key: 'thingId',
    projection: ['thingId', 'status'],
    index: { name: 'by-time', partition: 'bucket', sort: 'createdAtId', partitionsAt: (ms) => [bucketOf(ms)] },
    isFinished: ({ status }) => status === 'COMPLETED',
    isResting: ({ status }) => status === 'FAILED',
    now: () => time.ms,
  });
  return {
    time,
    queries,
    reads,
    projections,
    add: (thingId: string, { status = 'NEW', atMs = time.ms } = {}) => {
      const createdAtId = `${new Date(atMs).toISOString()}#${thingId}`;
      things.set(thingId, { thingId, version: 1, status, bucket: bucketOf(atMs), createdAtId });
    },
    change: (thingId: string, status: string) => {
      const thing = things.get(thingId);
      if (thing) things.set(thingId, { ...thing, status, version: thing.version + 1 });
    },
    fail: (value: boolean) => {
      failing = value;
    },
    poll: async () => (await follower.poll()).map((item) => `${String(item.thingId)} ${String(item.status)}`),
  };
}

describe('a follower', () => {
  it('returns the newest items first, then new and changed ones, each change once', async () => {
    const things = createThings();
    things.add('a');
    things.add('b', { status: 'COMPLETED' });
    expect(await things.poll()).toEqual(['a NEW', 'b COMPLETED']);
    expect(await things.poll()).toEqual([]);
    things.time.ms += 1_000;
    things.add('c');
    things.change('a', 'BUSY');
    expect(await things.poll()).toEqual(['a BUSY', 'c NEW']);
    things.change('a', 'COMPLETED');
    expect(await things.poll()).toEqual(['a COMPLETED']);
    expect(await things.poll()).toEqual([]);
  });

  it('never reads whole items', async () => {
    const things = createThings();
    things.add('a');
    await things.poll();
    await things.poll();
    expect([...things.projections]).toEqual(['version createdAtId thingId status']);
  });

  it('finds items that appear late in the index', async () => {
    const things = createThings();
    await things.poll();
    things.time.ms += 2_000;
    await things.poll();
    things.add('late', { atMs: things.time.ms - 2_500 });
    expect(await things.poll()).toEqual(['late NEW']);
  });

  it('continues in the next partition, and checks the previous one for late items', async () => {
    const things = createThings();
    things.time.ms = START + 59_000;
    await things.poll();
    things.time.ms = START + 60_500;
    things.add('old', { atMs: START + 59_900 });
    things.add('new');
    expect(await things.poll()).toEqual(['old NEW', 'new NEW']);
  });

  it.each([1_500, 5_500, 30_500])(
    'finds new items after the clock was set back by %i ms, under load',
    async (stepMs) => {
      const things = createThings();
      things.time.ms = START + 40_000;
      await things.poll();
      for (let n = 0; n < 60; n++) things.add(`before-${n}`, { status: 'COMPLETED' });
      await things.poll();
      things.time.ms -= stepMs;
      const seen: string[] = [];
      for (let n = 0; n < 10; n++) {
        things.time.ms += 1_000;
        things.add(`after-${n}`, { status: 'COMPLETED' });
        seen.push(...(await things.poll()));
      }
      expect(seen.filter((line) => line.startsWith('after'))).toEqual(
        Array.from({ length: 10 }, (_, n) => `after-${n} COMPLETED`),
      );
    },
  );

  it('does not read finished items again', async () => {
    const things = createThings();
    things.add('a', { status: 'COMPLETED' });
    await things.poll();
    things.reads.length = 0;
    await things.poll();
    expect(things.reads).toEqual([]);
  });

  it('queries only new index entries, with a limit', async () => {
    const things = createThings();
    things.time.ms += 30_000;
    await things.poll();
    await things.poll();
    const after = new Date(things.time.ms - 3_000).toISOString();
    expect(things.queries.map(({ sort }) => sort.after)).toEqual([undefined, after]);
  });

  it('reads a bounded number of unfinished items per poll, in turns', async () => {
    const things = createThings();
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 50; i++) things.add(`${round}-${i}`);
      await things.poll();
      things.time.ms += 5_000;
    }
    for (let round = 0; round < 10; round++) for (let i = 0; i < 50; i++) things.change(`${round}-${i}`, 'COMPLETED');
    things.reads.length = 0;
    expect(await things.poll()).toHaveLength(300);
    expect(things.reads).toEqual([300]);
    expect(await things.poll()).toHaveLength(200);
    expect(await things.poll()).toEqual([]);
  });

  it('reads unchanged items less often, and never instead of changing ones', async () => {
    const things = createThings();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 50; i++) things.add(`failed-${round}-${i}`, { status: 'FAILED' });
      await things.poll();
      things.time.ms += 5_000;
    }
    things.add('moving');
    await things.poll();
    things.reads.length = 0;
    things.change('moving', 'COMPLETED');
    things.change('failed-0-0', 'BUSY');
    expect(await things.poll()).toContain('moving COMPLETED');
    expect(things.reads).toEqual([21]);
    const seen: string[] = [];
    for (let poll = 0; poll < 8; poll++) seen.push(...(await things.poll()));
    expect(seen).toContain('failed-0-0 BUSY');
  });

  it('loses nothing in a failed poll', async () => {
    const things = createThings();
    await things.poll();
    things.time.ms += 1_000;
    things.add('a');
    things.fail(true);
    await expect(things.poll()).rejects.toThrow('away');
    things.fail(false);
    things.time.ms += 20_000;
    expect(await things.poll()).toEqual(['a NEW']);
  });
});
