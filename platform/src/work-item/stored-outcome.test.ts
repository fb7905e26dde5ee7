import { describe, expect, it } from '@jest/globals';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { keyedTable } from '@orderflow/testing/aws/fake-table';
import { THINGS } from '@orderflow/testing/work-item-table';
import type { OutgoingEvent } from '../events/publisher.js';
import { compareOutcome, createBelieveOutcome, type ReportedOutcome } from './stored-outcome.js';
import type { WorkItemTable } from './work-item.js';

const TABLE: WorkItemTable = {
  ...THINGS,
  outcomeEventOf: (item): OutgoingEvent => {
    const { size, updatedAt: occurredAt } = item as { size: number; updatedAt: string };
    return { source: 'test', type: 'Ended', detail: { metadata: { occurredAt, contentHash: `h${size}` }, data: {} } };
  },
};
const ENDED = { thingId: 't1', status: 'COMPLETED', version: 3, updatedAt: 'then', size: 7, secret: 'not read' };
const REPORTED: ReportedOutcome = { type: 'Ended', version: 3, contentHash: 'h7' };
const ATTRIBUTES = ['status', 'version', 'updatedAt', 'size'];

describe('a reported outcome', () => {
  it.each([
    ['same', 'is reported as it is', ENDED, {}],
    ['superseded', 'has another outcome since', { ...ENDED, version: 5 }, {}],
    ['superseded', 'was started again since', { ...ENDED, status: 'PROCESSING', version: 4 }, {}],
    ['differs', 'was never claimed', { ...ENDED, status: 'PENDING', version: 1 }, {}],
    ['differs', 'has not reached this version', { ...ENDED, status: 'PROCESSING', version: 2 }, {}],
    ['differs', 'is at this version, but not finished', { ...ENDED, status: 'PROCESSING' }, {}],
    ['differs', 'has an outcome of another type', ENDED, { type: 'Failed' }],
    ['differs', 'has an outcome with other content', ENDED, { contentHash: 'h8' }],
    ['differs', 'is reported without a content hash', ENDED, { contentHash: undefined }],
    ['differs', 'has no version', { ...ENDED, version: undefined }, {}],
  ])('%s: the item %s', (kind, _what, item, change) => {
    expect(compareOutcome(TABLE, item, { ...REPORTED, ...change }).kind).toBe(kind);
  });
});

describe('createBelieveOutcome', () => {
  function start(...items: object[]) {
    const { dynamo } = createFakeAws({ tables: [keyedTable(TABLE.name, TABLE.key)] });
    for (const item of items) dynamo.seed(TABLE.name, item as Record<string, unknown>);
    return { dynamo, believe: createBelieveOutcome(dynamo, TABLE, ATTRIBUTES) };
  }

  it("returns the stored item's own event", async () => {
    const { believe } = start(ENDED);
    expect(await believe('t1', REPORTED)).toEqual(TABLE.outcomeEventOf(ENDED));
  });

  it('returns nothing for an item that has changed since', async () => {
    const { believe } = start({ ...ENDED, version: 4 });
    expect(await believe('t1', REPORTED)).toBeUndefined();
  });

  it.each([
    ['UNKNOWN_ITEM', 'detail.data.thingId', 'things has no item t2', 't2'],
    ['EVENT_MISMATCH', 'detail.data', 't1 does not have this outcome: things has it as PENDING, version 1', 't1'],
  ])('refuses with %s, so that the event is dead-lettered', async (code, path, message, id) => {
    const { believe } = start({ ...ENDED, status: 'PENDING', version: 1 });
    await expect(believe(id, REPORTED)).rejects.toMatchObject({ name: 'PermanentError', code, path, message });
  });

  it('reads consistently, in shared calls, and only what the event needs', async () => {
    const { dynamo, believe } = start(...[1, 2, 3].map((n) => ({ ...ENDED, thingId: `t${n}` })));
    const ids = ['t1', 't2', 't3', 't1'];
    expect(await Promise.all(ids.map((id) => believe(id, REPORTED)))).toHaveLength(4);
    const reads = dynamo.callsOf('BatchGet').map(({ RequestItems }) => RequestItems?.things);
    // A key may be in a call once.
    expect(reads.map((read) => read?.Keys?.map(({ thingId }) => thingId as string))).toEqual([
      ['t1', 't2', 't3'],
      ['t1'],
    ]);
    expect(reads[0]?.ConsistentRead).toBe(true);
    expect(Object.values(reads[0]?.ExpressionAttributeNames ?? {}).sort()).toEqual(['thingId', ...ATTRIBUTES].sort());
  });

  it('passes on the error of a read', async () => {
    const { dynamo, believe } = start(ENDED);
    dynamo.failNext('BatchGet', Object.assign(new Error('later'), { name: 'InternalServerError' }));
    await expect(believe('t1', REPORTED)).rejects.toMatchObject({ name: 'InternalServerError' });
    expect(await believe('t1', REPORTED)).toBeDefined();
  });
});
