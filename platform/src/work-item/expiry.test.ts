import { describe, expect, it } from '@jest/globals';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { keyedTable } from '@orderflow/testing/aws/fake-table';
import { INSERTED_ITEM, THINGS } from '@orderflow/testing/work-item-table';
import { createStatementExecutor } from '../dynamodb/executor.js';
import { claimItem, finishItem, type ClaimOptions } from './claim.js';
import { confirmOutcome } from './confirm.js';
import { restartItem } from './restart.js';
import { insert } from './transitions.js';
import type { WorkItem, WorkItemTable } from './work-item.js';

const DAY_MS = 86_400_000;
const time = { ms: Date.UTC(2027, 2, 14) };
const now = () => time.ms;
const THIRTY_DAYS: WorkItemTable = { ...THINGS, retentionDays: 30 };
const inThirtyDays = () => (time.ms + 30 * DAY_MS) / 1_000;

async function createThing(table: WorkItemTable) {
  const { dynamo } = createFakeAws({ tables: [keyedTable('things', 'thingId')] });
  const executor = createStatementExecutor(dynamo);
  await executor.execute(insert(table, { ...INSERTED_ITEM, thingId: 't1', outboxAt: 5_000 }));
  const store = { executor, table, now, leaseMs: 30_000, markerDelayMs: 5_000 };
  const claim = async (options: Pick<ClaimOptions, 'replayId'> = {}) => {
    const result = await claimItem(store, { id: 't1', messageId: 'm', entry: { name: 'received' }, ...options });
    if (result.kind !== 'claimed') throw new Error(result.kind);
    return result.ownership;
  };
  const thing = () => dynamo.item('things', { thingId: 't1' }) as WorkItem & Record<string, unknown>;
  return {
    claim,
    thing,
    fail: async () => {
      const failed = { result: 'failed', now: time.ms, attributes: { failure: { retriable: true } } } as const;
      await finishItem(store, await claim(), { ...failed, outboxAt: time.ms, entries: [] });
    },
    confirm: (consumer: string) =>
      confirmOutcome(executor, table, consumer, { id: 't1', version: thing().version, now: time.ms }),
    restart: () => restartItem(executor, table, { seen: thing(), replayId: 'r1', markerDelayMs: 5_000 }, now),
  };
}

describe('the expiry of an item', () => {
  it('counts from the confirmation of its outcome, in seconds', async () => {
    const { fail, confirm, thing } = await createThing(THIRTY_DAYS);
    await fail();
    expect(thing()).not.toHaveProperty('expiresAt');
    time.ms += 5 * DAY_MS;
    await confirm('a-consumer');
    expect(thing().expiresAt).toBe(inThirtyDays());
    expect(thing()).not.toHaveProperty('outboxAt');
  });

  it('counts from the last of several confirmations', async () => {
    const { fail, confirm, thing } = await createThing({ ...THIRTY_DAYS, confirmedBy: ['a-consumer', 'b-consumer'] });
    await fail();
    await confirm('b-consumer');
    expect(thing()).not.toHaveProperty('expiresAt');
    time.ms += DAY_MS;
    await confirm('a-consumer');
    expect(thing().expiresAt).toBe(inThirtyDays());
  });

  it('counts from the outcome, if nobody has to confirm it', async () => {
    const { fail, thing } = await createThing({ ...THIRTY_DAYS, confirmedBy: [] });
    await fail();
    expect(thing().expiresAt).toBe(inThirtyDays());
  });

  it.each(['replay', 'restart'] as const)('is taken back by a %s: the new life has to end first', async (how) => {
    const { fail, confirm, claim, restart, thing } = await createThing(THIRTY_DAYS);
    await fail();
    await confirm('a-consumer');
    if (how === 'restart') await restart();
    else await claim({ replayId: 'r1' });
    expect(thing()).toMatchObject({ lastReplayId: 'r1' });
    expect(thing()).not.toHaveProperty('expiresAt');
  });

  it('does not exist without a retention: the item is kept forever', async () => {
    const { fail, confirm, thing } = await createThing(THINGS);
    await fail();
    await confirm('a-consumer');
    expect(thing()).not.toHaveProperty('outboxAt');
    expect(thing()).not.toHaveProperty('expiresAt');
  });
});
