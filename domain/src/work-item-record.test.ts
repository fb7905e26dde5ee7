import { describe, expect, it } from '@jest/globals';
import { newId } from './ids.js';
import {
  createdAtIdOf,
  listBucketOf,
  listBucketsOf,
  listMonthOf,
  OUTBOX_SHARDS,
  outboxShardOf,
} from './work-item-record.js';

const ids = Array.from({ length: 4_000 }, newId);
const AT = '2027-01-31T23:59:59.999Z';

function counts(values: (string | number)[]): number[] {
  const found = new Map<string | number, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return [...found.values()];
}

describe('storage keys', () => {
  it('spread over all shards, evenly', () => {
    const shards = ids.map(outboxShardOf);
    expect(shards.every((shard) => Number.isInteger(shard) && shard >= 0 && shard < OUTBOX_SHARDS)).toBe(true);
    expect(counts(shards)).toHaveLength(OUTBOX_SHARDS);
    expect(Math.min(...counts(shards))).toBeGreaterThan(4_000 / OUTBOX_SHARDS / 2);
  });

  it('put an order into a bucket of its month', () => {
    const buckets = ids.map((id) => listBucketOf(AT, id));
    expect(new Set(buckets)).toEqual(new Set(listBucketsOf(listMonthOf(AT))));
    expect(listMonthOf(AT)).toBe('2027-01');
    expect(Math.min(...counts(buckets))).toBeGreaterThan(4_000 / 4 / 2);
  });

  it('sort by time, then by id', () => {
    const keys = [
      createdAtIdOf('2026-12-31T23:59:59.999Z', 'f'),
      createdAtIdOf('2027-01-01T00:00:00.000Z', 'a'),
      createdAtIdOf('2027-01-01T00:00:00.000Z', 'b'),
      createdAtIdOf('2027-01-01T00:00:00.001Z', '0'),
    ];
    expect([...keys].sort()).toEqual(keys);
  });
});
