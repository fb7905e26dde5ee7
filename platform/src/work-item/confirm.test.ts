import { describe, expect, it } from '@jest/globals';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { keyedTable } from '@orderflow/testing/aws/fake-table';
import { THINGS } from '@orderflow/testing/work-item-table';
import { createStatementExecutor, type Statement, type StatementExecutor } from '../dynamodb/executor.js';
import { claimItem, finishItem } from './claim.js';
import { confirmOutcome } from './confirm.js';
import { restartItem } from './restart.js';
import { insert } from './transitions.js';
import type { WorkItem, WorkItemTable } from './work-item.js';

const at = 1_000_000;
const now = () => at;
const waitingFor = (...confirmedBy: string[]): WorkItemTable => ({
  ...THINGS,
  confirmedBy,
  firstConsumer: 'mail',
});
const BOTH = waitingFor('mail', 'shipping');
const NEW = {
  ...{ thingId: 't1', status: 'PENDING', version: 1, effects: 0, createdAt: '', updatedAt: '', lastReplayId: '' },
  ...{ holder: '', claimToken: '', leaseUntil: 0, timeline: {}, outboxShard: 3, outboxAt: 5_000, outboxAttempts: 0 },
};

/** A thing with an outcome, by a worker that knows these consumers. */
async function createThing(table: WorkItemTable, result: 'completed' | 'failed' = 'completed') {
  const { dynamo } = createFakeAws({
    tables: [keyedTable('things', 'thingId')],
  });
  const executor = createStatementExecutor(dynamo);
  const statements: Statement[] = [];
  const counting: StatementExecutor = {
    execute: (statement) => {
      statements.push(statement);
      return executor.execute(statement);
    },
  };
  const process = async (by: WorkItemTable): Promise<void> => {
    const store = { executor, table: by, now, leaseMs: 30_000, markerDelayMs: 5_000 };
    const claim = await claimItem(store, { id: 't1', messageId: 'm', entry: { name: 'received' } });
    if (claim.kind !== 'claimed') throw new Error(claim.kind);
    const attributes = result === 'failed' ? { failure: { retriable: true } } : {};
    await finishItem(store, claim.ownership, { result, now: at, attributes, outboxAt: 7_000, entries: [] });
  };
  await executor.execute(insert(table, NEW));
  await process(table);
  const thing = () => dynamo.item('things', { thingId: 't1' }) as WorkItem;
  return {
    executor,
    process,
    statements,
    thing,
    isWaiting: () => thing().outboxAt !== undefined || thing().outboxShard !== undefined,
    confirm: (consumer: string, by = table, version = thing().version) =>
      confirmOutcome(counting, by, consumer, { id: 't1', version, now: at }),
  };
}

describe('an outcome that waits for one consumer', () => {
  it('is confirmed by one statement, without an extra attribute', async () => {
    const { confirm, statements, thing, isWaiting } = await createThing(waitingFor('mail'));
    expect(thing()).not.toHaveProperty('awaiting');
    await confirm('mail');
    expect(isWaiting()).toBe(false);
    expect(statements).toHaveLength(1);
    expect(thing()).not.toHaveProperty('awaiting');
  });

  it('is not confirmed by a consumer that the table does not list', async () => {
    const { confirm, isWaiting } = await createThing(waitingFor('mail'));
    await expect(confirm('shipping')).rejects.toThrow('no outcome of things waits for shipping');
    expect(isWaiting()).toBe(true);
  });
});

describe('an outcome that waits for one consumer, but not for the first', () => {
  it('names it, so that consumers that know the whole list confirm it too', async () => {
    const { confirm, thing, isWaiting } = await createThing(waitingFor('shipping'));
    expect(thing()).toMatchObject({ awaiting: 'shipping' });
    await confirm('mail', BOTH);
    expect(isWaiting()).toBe(true);
    await confirm('shipping', BOTH);
    expect(isWaiting()).toBe(false);
  });
});

describe('an outcome that waits for several consumers', () => {
  it.each([
    ['mail', 'shipping'],
    ['shipping', 'mail'],
  ])('keeps its marker when %s has confirmed, until %s has confirmed too', async (first, second) => {
    const { confirm, thing, isWaiting } = await createThing(BOTH);
    expect(thing()).toMatchObject({ awaiting: 'mail shipping', outboxAt: 7_000 });
    await confirm(first);
    expect(thing()).toMatchObject({ awaiting: second, outboxAt: 7_000, version: 3 });
    await confirm(second);
    expect(isWaiting()).toBe(false);
    expect(thing()).not.toHaveProperty('awaiting');
    expect(thing()).toMatchObject({ status: 'COMPLETED', version: 3 });
  });

  it('loses its marker with the last of concurrent confirmations', async () => {
    const { confirm, isWaiting } = await createThing(waitingFor('a', 'b', 'c'));
    await Promise.all(['c', 'b', 'a', 'b'].map((consumer) => confirm(consumer)));
    expect(isWaiting()).toBe(false);
  });

  it('counts a consumer that confirms twice only once', async () => {
    const { confirm, thing, isWaiting } = await createThing(BOTH);
    await confirm('mail');
    await confirm('mail');
    expect(thing()).toMatchObject({ awaiting: 'shipping', outboxAt: 7_000 });
    await confirm('shipping');
    await confirm('shipping');
    await confirm('mail');
    expect(isWaiting()).toBe(false);
    expect(thing()).not.toHaveProperty('awaiting');
  });

  it('of a new life waits for all of them again, and ignores confirmations of the earlier one', async () => {
    const { confirm, process, executor, thing, isWaiting } = await createThing(BOTH, 'failed');
    await confirm('mail');
    const life = { seen: { ...NEW, ...thing() }, replayId: 'r1', markerDelayMs: 5_000 };
    await restartItem(executor, BOTH, life, now);
    expect(thing()).not.toHaveProperty('awaiting');
    await confirm('shipping', BOTH, 3);
    await process(BOTH);
    await confirm('shipping', BOTH, 3);
    expect(thing()).toMatchObject({ version: 6, awaiting: 'mail shipping' });
    await confirm('mail');
    await confirm('shipping');
    expect(isWaiting()).toBe(false);
  });
});

describe('a consumer that is added', () => {
  it('neither has to confirm earlier outcomes, nor can confirm them for the first consumer', async () => {
    const { confirm, isWaiting } = await createThing(waitingFor('mail'));
    await confirm('shipping', BOTH);
    expect(isWaiting()).toBe(true);
    await confirm('mail', BOTH);
    expect(isWaiting()).toBe(false);
  });

  it('is waited for even if the others do not know about it yet', async () => {
    const { confirm, thing, isWaiting } = await createThing(BOTH);
    await confirm('mail', waitingFor('mail'));
    expect(thing()).toMatchObject({ awaiting: 'shipping', outboxAt: 7_000 });
    await confirm('shipping');
    expect(isWaiting()).toBe(false);
  });
});
