import { describe, expect, it } from '@jest/globals';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { keyedTable } from '@orderflow/testing/aws/fake-table';
import { THINGS } from '@orderflow/testing/work-item-table';
import { createStatementExecutor, type Statement } from '../dynamodb/executor.js';
import * as transitions from './transitions.js';
import type { ClaimRequest, WorkItem, WorkItemTable } from './work-item.js';

const TABLE: WorkItemTable = { ...THINGS, name: 'jobs', key: 'jobId' };
const REQUEST: ClaimRequest = {
  messageId: 'mine',
  claimToken: 'new',
  now: 1_000,
  leaseUntil: 31_000,
  entry: { name: 'received' },
  contentHash: 'accepted',
};
const BASE = {
  ...{ jobId: 'j1', version: 7, effects: 0, updatedAt: '', timeline: {}, lastReplayId: '' },
  ...{ outboxAt: 50, outboxAttempts: 0, contentHash: 'accepted' },
};
/** How a claim is refused, whichever statement makes it. */
const OTHER_CONTENT = (item: Stored) => ({
  'it was accepted with other content': { ...item, contentHash: 'other' },
  'it has no content hash': { ...item, contentHash: undefined },
});
/** Of an item that an older version wrote. */
const WITHOUT_HASH: ClaimRequest = { ...REQUEST, contentHash: null };

type Stored = Omit<WorkItem, 'contentHash'> & Record<string, unknown>;
type Row = [
  name: string,
  statement: Statement,
  allowed: Stored[],
  refused: Record<string, Stored>,
  /** What the statement leaves, if not an item with the next version. */
  left?: { item: Record<string, unknown> | undefined },
];

const processing: Stored = { ...BASE, status: 'PROCESSING', holder: 'other', claimToken: 'seen', leaseUntil: 999 };
const mine: Stored = { ...processing, holder: 'mine', leaseUntil: 90_000 };
const pending: Stored = { ...BASE, status: 'PENDING', holder: '', claimToken: '', leaseUntil: 0 };
const failed: Stored = { ...processing, status: 'FAILED', failure: { retriable: true }, lastReplayId: 'r0' };
const done: Stored = { ...processing, status: 'COMPLETED' };

/** Finished and confirmed. */
const settled: Stored = { ...done, outboxAt: undefined };
const NOT_SETTLED = {
  'its outcome is not confirmed': { ...settled, outboxAt: 50 },
  'it has changed since': { ...settled, version: 8 },
  'it is being worked on': { ...settled, status: 'PROCESSING' },
  'it is pending': { ...settled, status: 'PENDING' },
};

const without = (item: Stored): Stored => ({ ...item, contentHash: undefined });

const finish = transitions.finish(TABLE, 'j1', {
  claimToken: 'seen',
  version: 7,
  result: 'completed',
  now: 2_000,
  attributes: {},
  outboxAt: 7_000,
  entries: [{ name: 'completed' }],
});

/** Every transition: from which items each is allowed, and what one attribute may spoil. */
const ROWS: Row[] = [
  [
    'claim',
    transitions.claim(TABLE, 'j1', REQUEST, { version: 7, lastReplayId: '' }),
    [pending, mine],
    {
      'another message holds it': { ...mine, holder: 'other' },
      'it has changed since': { ...pending, version: 8 },
      'it is done': { ...mine, status: 'COMPLETED' },
      'it has failed': { ...mine, status: 'FAILED' },
      ...OTHER_CONTENT(pending),
    },
  ],
  [
    'claim without a stored hash',
    transitions.claim(TABLE, 'j1', WITHOUT_HASH, { version: 7, lastReplayId: '' }),
    [without(pending), without(mine)],
    { 'it has a hash after all': pending, 'another message holds it': { ...without(mine), holder: 'other' } },
  ],
  [
    'claim of a derived item',
    transitions.claim(TABLE, 'j1', { ...REQUEST, contentHash: undefined }, { version: 7, lastReplayId: '' }),
    [pending, without(pending)],
    { 'another message holds it': { ...mine, holder: 'other' } },
  ],
  [
    'take over',
    transitions.takeOver(TABLE, 'j1', REQUEST, processing),
    [processing],
    {
      'the claim is another': { ...processing, claimToken: 'another' },
      'it has changed since, and been given back': { ...processing, version: 9 },
      'it is done': done,
      'it is pending': { ...processing, status: 'PENDING' },
      ...OTHER_CONTENT(processing),
    },
  ],
  [
    'replay',
    transitions.replay(TABLE, 'j1', REQUEST, failed, { replayId: 'r1', outboxShard: 1, outboxAt: 5_000 }),
    [failed],
    {
      'it failed for good': { ...failed, failure: { retriable: false } },
      'there is no failure': { ...failed, failure: undefined },
      'it was replayed already': { ...failed, lastReplayId: 'r1' },
      'it has changed since': { ...failed, version: 8 },
      'it is being worked on': { ...failed, status: 'PROCESSING' },
      'it is done': { ...failed, status: 'COMPLETED' },
      ...OTHER_CONTENT(failed),
    },
  ],
  [
    'finish',
    finish,
    [processing, { ...processing, leaseUntil: 0, holder: 'another' }],
    {
      'the claim is another': { ...processing, claimToken: 'another' },
      'it is finished already': done,
      'it is pending': { ...processing, status: 'PENDING' },
    },
  ],
  [
    'postpone',
    transitions.postpone(TABLE, 'j1', {
      claimToken: 'seen',
      version: 7,
      now: 2_000,
      entry: { name: 'retried' },
    }),
    [processing, { ...processing, leaseUntil: 0, holder: 'another' }],
    {
      'the claim is another': { ...processing, claimToken: 'another' },
      'it is finished already': done,
      'it is pending': { ...processing, status: 'PENDING' },
    },
  ],
  [
    'erase',
    transitions.erase(TABLE, 'j1', settled, { set: { erasedOn: 'today' }, remove: ['traceparent'] }),
    [settled, { ...settled, status: 'FAILED' }],
    NOT_SETTLED,
  ],
  [
    'end of an erasure',
    transitions.endErasure(TABLE, 'j1', 'today', { owner: 'nobody' }),
    [{ ...settled, erasedOn: 'today' }],
    { 'it is not erased': settled, 'it was erased on another day': { ...settled, erasedOn: 'yesterday' } },
    { item: { version: 7, owner: 'nobody' } },
  ],
  [
    'remove',
    transitions.remove(TABLE, 'j1', settled),
    [settled, { ...settled, status: 'FAILED' }],
    NOT_SETTLED,
    { item: undefined },
  ],
];

async function execute(statement: Statement, item: Stored) {
  const { dynamo } = createFakeAws({
    tables: [keyedTable('jobs', 'jobId')],
  });
  const stored = Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
  dynamo.seed('jobs', stored);
  const result = await createStatementExecutor(dynamo).execute(statement);
  return { result, stored, after: dynamo.item('jobs', { jobId: 'j1' }) };
}

describe.each(ROWS)('%s', (_name, statement, allowed, refused, left = { item: { version: 8 } }) => {
  it.each(allowed)('is applied to $status held by "$holder", and leaves what it should', async (item) => {
    const { result, after } = await execute(statement, item);
    expect(result).toEqual({ applied: true });
    expect({ item: after }).toMatchObject(left);
  });

  it.each(Object.entries(refused))('is refused when %s, and returns the item as it is', async (_reason, item) => {
    const { result, stored, after } = await execute(statement, item);
    expect(result).toEqual({ applied: false, item: stored });
    expect(after).toEqual(stored);
  });
});

describe("an item's timeline", () => {
  const entry = { name: 'retried', at: 'then' };

  it('keeps each entry under its name and the new version', async () => {
    const { after } = await execute(
      transitions.postpone(TABLE, 'j1', { claimToken: 'seen', version: 7, now: 2_000, entry }),
      processing,
    );
    expect(after).toMatchObject({
      claimToken: '',
      holder: 'other',
      timeline: { retried_8: { at: 'then', version: 8 } },
    });
  });

  it('stops growing: from the 60th version on an entry overwrites the last one of its name', async () => {
    const late = { ...processing, version: 900, timeline: { retried_60: { at: 'before', version: 899 } } };
    const { after } = await execute(
      transitions.postpone(TABLE, 'j1', { claimToken: 'seen', version: 900, now: 2_000, entry }),
      late,
    );
    expect(after).toMatchObject({ version: 901, timeline: { retried_60: { at: 'then', version: 901 } } });
  });
});
