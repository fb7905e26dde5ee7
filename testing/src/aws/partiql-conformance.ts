import type { TableSchema } from './fake-table.js';
import type { Item } from './values.js';

/**
 * A single statement, in the forms that the system sends. The fake and the emulators must agree on each.
 * It runs on a copy of `ITEM`, or on no item if `absent`, in a BatchExecuteStatement with ALL_OLD.
 */
export type ConformanceCase = {
  name: string;
  statement: string;
  /** '$id' is replaced by the key of the item. */
  parameters: unknown[];
  absent?: true;
  /** Attributes after the statement; undefined: the attribute must be gone. Absent when rejected. */
  after?: Item;
  /** Error code of the statement. */
  error?: 'ConditionalCheckFailed' | 'DuplicateItem' | 'ValidationError';
  /** What AWS documents, if anything. */
  aws?: string;
  /** Why MiniStack 1.5.33 accepts a statement that AWS and LocalStack reject. */
  ministackAccepts?: string;
  /** The result on MiniStack 1.5.33 if it differs from `after`, and why. */
  ministackLeaves?: { after: Item; why: string };
};

export const CONFORMANCE_TABLE = {
  TableName: 'conformance',
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'shard', AttributeType: 'S' },
    { AttributeName: 'dueAt', AttributeType: 'S' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'due',
      KeySchema: [
        { AttributeName: 'shard', KeyType: 'HASH' },
        { AttributeName: 'dueAt', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
} satisfies TableSchema;

/** The attributes of an item besides its `id`. */
export const ITEM: Item = {
  status: 'PENDING',
  version: 1,
  leaseUntil: 5,
  holder: '',
  failure: { retriable: true, code: 'A' },
  timeline: { created: { at: 'x' } },
  shard: 's1',
  dueAt: 't1',
};

const UPDATE = 'UPDATE "conformance"';
const REFUSED = { error: 'ConditionalCheckFailed' } as const;
const INVALID = { error: 'ValidationError' } as const;

function whenVersionSet(name: string, condition: string, value: unknown[], holds: boolean): ConformanceCase {
  return {
    name,
    statement: `${UPDATE} SET "version" = ? WHERE "id" = ? AND ${condition}`,
    parameters: [9, '$id', ...value],
    ...(holds ? { after: { version: 9 } } : REFUSED),
  };
}

function changing(
  name: string,
  changes: string,
  parameters: unknown[],
  outcome: Partial<ConformanceCase>,
): ConformanceCase {
  return { name, statement: `${UPDATE} ${changes} WHERE "id" = ?`, parameters: [...parameters, '$id'], ...outcome };
}

const CONDITIONS: ConformanceCase[] = [
  whenVersionSet('= holds', '"status" = ?', ['PENDING'], true),
  whenVersionSet('= on another value', '"status" = ?', ['COMPLETED'], false),
  whenVersionSet('= on a missing attribute', '"missing1" = ?', ['x'], false),
  whenVersionSet('<> holds', '"holder" <> ?', ['me'], true),
  whenVersionSet('<> on the same value', '"holder" <> ?', [''], false),
  whenVersionSet('<> on a missing attribute', '"missing1" <> ?', ['x'], true),
  whenVersionSet('<> across types', '"leaseUntil" <> ?', ['5'], true),
  whenVersionSet('IN holds', '"status" IN [?, ?]', ['COMPLETED', 'PENDING'], true),
  whenVersionSet('IN with the same value twice', '"holder" IN [?, ?]', ['', ''], true),
  whenVersionSet('IN without a match', '"status" IN [?, ?]', ['A', 'B'], false),
  whenVersionSet('IN on a missing attribute', '"missing1" IN [?, ?]', ['A', 'B'], false),
  whenVersionSet('a nested path', '"failure"."retriable" = ?', [true], true),
  whenVersionSet('a nested path on another value', '"failure"."retriable" = ?', [false], false),
  whenVersionSet('a nested path without a parent', '"missing1"."retriable" = ?', [true], false),
  whenVersionSet('IS MISSING on a missing attribute', '"missing1" IS MISSING', [], true),
  whenVersionSet('IS MISSING on an attribute', '"holder" IS MISSING', [], false),
  { ...whenVersionSet('any update of a missing item', '"missing1" <> ?', ['x'], false), absent: true },
];

const OVERLAPS = 'it does not look for paths that overlap';
const INDEX_KEYS = "it does not check the values of an index's key";

const CHANGES: ConformanceCase[] = [
  changing(
    'SET, increment, nested SET and two REMOVE',
    'SET "status" = ? SET "version" = "version" + 1 SET "timeline"."step-1" = ? REMOVE "shard" REMOVE "dueAt"',
    ['COMPLETED', { at: 'y' }],
    {
      after: {
        status: 'COMPLETED',
        version: 2,
        timeline: { created: { at: 'x' }, 'step-1': { at: 'y' } },
        shard: undefined,
        dueAt: undefined,
      },
    },
  ),
  changing('REMOVE of a missing attribute', 'REMOVE "missing1"', [], { after: ITEM }),
  changing('overwriting a nested value', 'SET "timeline"."created" = ?', [1], { after: { timeline: { created: 1 } } }),
  changing('two under one parent', 'SET "timeline"."a" = ? SET "timeline"."b" = ?', [1, 2], {
    after: { timeline: { created: { at: 'x' }, a: 1, b: 2 } },
  }),
  changing('reading what another SET writes', 'SET "version" = ? SET "leaseUntil" = "version" + 1', [7], {
    after: { version: 7, leaseUntil: 2 },
    ministackLeaves: {
      after: { version: 7, leaseUntil: 8 },
      why: 'each SET reads what the SETs before it wrote, not the original item',
    },
  }),
  changing('an increment of a missing attribute', 'SET "missing1" = "missing1" + 1', [], INVALID),
  changing('an increment of a string', 'SET "holder" = "holder" + 1', [], INVALID),
  changing('a nested SET without a parent', 'SET "missing1"."x" = ?', [1], INVALID),
  changing('a nested SET below a string', 'SET "holder"."x" = ?', [1], INVALID),
  changing('one path twice', 'SET "version" = ? SET "version" = ?', [1, 2], {
    ...INVALID,
    ministackAccepts: OVERLAPS,
  }),
  changing('a path and its parent', 'SET "timeline" = ? SET "timeline"."b" = ?', [{}, 2], {
    ...INVALID,
    ministackAccepts: OVERLAPS,
  }),
  changing('SET and REMOVE of one path', 'SET "version" = ? REMOVE "version"', [1], {
    ...INVALID,
    ministackAccepts: OVERLAPS,
  }),
  changing('SET of the key', 'SET "id" = ?', ['other'], {
    ...INVALID,
    aws: 'refused',
    ministackAccepts: 'it moves the item to the other key',
  }),
  changing('an empty index key', 'SET "shard" = ?', [''], { ...INVALID, ministackAccepts: INDEX_KEYS }),
  changing('a null index key', 'SET "shard" = ?', [null], { ...INVALID, ministackAccepts: INDEX_KEYS }),
  {
    name: 'a refused condition before an increment that cannot be computed',
    statement: `${UPDATE} SET "missing1" = "missing1" + 1 WHERE "id" = ? AND "leaseUntil" = ?`,
    parameters: ['$id', 99],
    ...REFUSED,
  },
  {
    name: 'too few parameters',
    statement: `${UPDATE} SET "version" = ? WHERE "id" = ?`,
    parameters: ['$id'],
    ...INVALID,
  },
  {
    name: 'no key',
    statement: `${UPDATE} SET "version" = ? WHERE "status" = ?`,
    parameters: [1, 'PENDING'],
    ...INVALID,
  },
];

const INSERT = 'INSERT INTO "conformance" VALUE';

const INSERTS: ConformanceCase[] = [
  {
    name: 'INSERT',
    statement: `${INSERT} {'id': ?, 'status': ?, 'effects': ?, 'timeline': ?}`,
    parameters: ['$id', 'PENDING', 0, { created: { at: 'x' } }],
    absent: true,
    after: { status: 'PENDING', effects: 0, timeline: { created: { at: 'x' } } },
  },
  {
    name: 'INSERT twice',
    statement: `${INSERT} {'id': ?, 'a': ?}`,
    parameters: ['$id', 1],
    error: 'DuplicateItem',
    aws: 'DuplicateItem',
  },
  { name: 'INSERT without the key', statement: `${INSERT} {'a': ?}`, parameters: [1], absent: true, ...INVALID },
];

const DELETE = 'DELETE FROM "conformance" WHERE "id" = ? AND';
const GONE = Object.fromEntries(Object.keys({ ...ITEM, id: '' }).map((name) => [name, undefined]));

const DELETES: ConformanceCase[] = [
  {
    name: 'DELETE',
    statement: `${DELETE} "status" IN [?, ?] AND "version" = ? AND "missing1" IS MISSING`,
    parameters: ['$id', 'PENDING', 'COMPLETED', 1],
    after: GONE,
  },
  {
    name: 'DELETE with a condition that does not hold',
    statement: `${DELETE} "status" IN [?, ?] AND "version" = ?`,
    parameters: ['$id', 'PENDING', 'COMPLETED', 2],
    ...REFUSED,
  },
  {
    name: 'DELETE of a missing item',
    statement: `${DELETE} "version" = ?`,
    parameters: ['$id', 1],
    absent: true,
    after: GONE,
    aws: 'success',
  },
];

export const CONFORMANCE_CASES: readonly ConformanceCase[] = [...CONDITIONS, ...CHANGES, ...INSERTS, ...DELETES];
