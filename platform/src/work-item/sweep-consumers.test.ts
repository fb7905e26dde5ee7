import { describe, expect, it } from '@jest/globals';
import { createOutboxSystem, finishedThing, NOTHING_SWEPT, SWEPT_AT_MS, thing } from '@orderflow/testing/outbox-system';
import type { StatementExecutor } from '../dynamodb/executor.js';
import { confirmOutcome } from './confirm.js';

const BOTH = ['a-consumer', 'b-consumer'];
const AWAITING = BOTH.join(' ');
const REPUBLISHED = { ...NOTHING_SWEPT, due: 1, republished: 1 };
const oneMessage = { visible: 1, inFlight: 0, delayed: 0 };

/** An outcome whose event the first consumer has, and that was purged from the queue of the second. */
function purgedQueue() {
  const outbox = createOutboxSystem([finishedThing({ awaiting: AWAITING })], { confirmedBy: BOTH });
  const confirm = (executor: StatementExecutor, consumer: string) =>
    confirmOutcome(executor, outbox.table.table, consumer, { id: 'thing-1', version: 3, now: 0 });
  return { ...outbox, confirm };
}

describe('an outcome that one of two consumers has lost', () => {
  it('is republished until that consumer confirms it, and the report names the consumer', async () => {
    const { confirm, executor, item, published, sweep, time } = purgedQueue();
    await confirm(executor, 'a-consumer');
    expect(await sweep()).toEqual({ ...REPUBLISHED, awaiting: ['b-consumer'] });
    expect(published()).toEqual(['Ended thing-1 v3']);
    await confirm(executor, 'b-consumer');
    expect(item()).not.toHaveProperty('outboxAt');
    time.ms += 3_600_000;
    expect(await sweep()).toEqual(NOTHING_SWEPT);
  });

  it('is lost for good when the first confirmation removes the marker', async () => {
    const { confirm, executor, item, published, sweep } = purgedQueue();
    const first = ' SET "awaiting" = ? ';
    const markerGoesWithTheFirst: StatementExecutor = {
      execute: ({ text, parameters, ...statement }) => {
        expect(text).toContain(first);
        const removing = text.replace(first, ' REMOVE "outboxShard" REMOVE "outboxAt" ');
        return executor.execute({ ...statement, text: removing, parameters: parameters.slice(1) });
      },
    };
    await confirm(markerGoesWithTheFirst, 'a-consumer');
    expect(await sweep()).toEqual(NOTHING_SWEPT);
    expect(published()).toEqual([]);
    expect(item()).toMatchObject({ awaiting: AWAITING });
  });
});

describe('the queue that may explain a due outcome', () => {
  it('is the queue of a consumer that has not confirmed it', async () => {
    const outbox = createOutboxSystem([finishedThing({ awaiting: 'b-consumer' })], { confirmedBy: BOTH });
    outbox.queue.others = oneMessage;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, waiting: 1 });
    outbox.queue.others = { ...oneMessage, visible: 0 };
    outbox.queue.outcomes = oneMessage;
    expect(await outbox.sweep()).toEqual({ ...REPUBLISHED, awaiting: ['b-consumer'] });
  });

  it('is the emptiest one if several consumers have not confirmed it', async () => {
    const outbox = createOutboxSystem([finishedThing({ awaiting: AWAITING })], { confirmedBy: BOTH });
    outbox.queue.outcomes = oneMessage;
    expect(await outbox.sweep()).toEqual({ ...REPUBLISHED, awaiting: BOTH });
  });
});

describe('a consumer whose rule is off', () => {
  const disabled = new Error('rule is disabled');

  it('holds back outcomes that only it has not confirmed', async () => {
    const outbox = createOutboxSystem([finishedThing({ awaiting: 'b-consumer' })], { confirmedBy: BOTH });
    outbox.blocked.others = disabled;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, blocked: 1, blockedBy: [disabled.message] });
  });

  it('does not hold back an outcome that another consumer has not confirmed either', async () => {
    const outbox = createOutboxSystem([finishedThing({ awaiting: AWAITING })], { confirmedBy: BOTH });
    outbox.blocked.others = disabled;
    expect(await outbox.sweep()).toEqual({ ...REPUBLISHED, blockedBy: [disabled.message], awaiting: BOTH });
  });
});

describe('a change of the consumers', () => {
  it('a removed consumer is no longer waited for', async () => {
    const outbox = createOutboxSystem([finishedThing({ awaiting: 'b-consumer' })], { confirmedBy: ['a-consumer'] });
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1 });
    expect(outbox.item()).not.toHaveProperty('outboxAt');
    expect(outbox.item()).not.toHaveProperty('awaiting');
    expect(outbox.published()).toEqual([]);
  });

  it('an added consumer does not have to confirm earlier outcomes', async () => {
    const outbox = createOutboxSystem([finishedThing()], { confirmedBy: BOTH });
    expect(await outbox.sweep()).toEqual({ ...REPUBLISHED, awaiting: ['a-consumer'] });
  });

  it('an item that the sweeper gives up waits for all consumers', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 12 })], { confirmedBy: BOTH });
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, givenUp: 1 });
    expect(outbox.item()).toMatchObject({ status: 'FAILED', awaiting: AWAITING, outboxAt: SWEPT_AT_MS + 5_000 });
  });

  it('a consumer without a subscription is refused at once', () => {
    expect(() => createOutboxSystem([], { confirmedBy: ['a-stranger'] })).toThrow(
      'no subscription delivers the outcomes of things to a-stranger',
    );
  });
});
