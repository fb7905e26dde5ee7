import { describe, expect, it } from '@jest/globals';
import { connectionRefused, connectionReset } from '@orderflow/testing/aws/aws-errors';
import {
  createOutboxSystem,
  NOTHING_SWEPT,
  SWEEPER_OPTIONS,
  SWEPT_AT_MS,
  thing,
} from '@orderflow/testing/outbox-system';

const SWEPT_AT = new Date(SWEPT_AT_MS).toISOString();
const MINUTE_MS = 60_000;

describe('an item whose attempts are used up', () => {
  it('fails as UNDELIVERED, publishes that, and can be replayed', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 12 })]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, givenUp: 1 });
    const item = outbox.item();
    expect(item).toMatchObject({
      status: 'FAILED',
      version: 3,
      effects: 1,
      updatedAt: SWEPT_AT,
      failure: { code: 'UNDELIVERED', retriable: true, message: expect.any(String) as unknown },
      timeline: { undelivered_2: { at: SWEPT_AT, version: 2 }, failed_3: { at: SWEPT_AT, version: 3 } },
    });
    expect(item).toMatchObject({ outboxAt: SWEPT_AT_MS + SWEEPER_OPTIONS.backoffBaseMs, outboxAttempts: 0 });
    expect(outbox.published()).toEqual(['Ended thing-1 v3']);
    expect(outbox.givenUp).toMatchObject([{ thingId: 'thing-1', status: 'FAILED', updatedAt: SWEPT_AT }]);
    expect(await outbox.sweep()).toEqual(NOTHING_SWEPT);
  });

  it("is not given up once a worker has claimed it, because that worker's effect is unknown", async () => {
    const claimed = {
      status: 'PROCESSING',
      version: 4,
      holder: 'm',
      claimToken: 'c',
      leaseUntil: SWEPT_AT_MS - 60_000,
    };
    const outbox = createOutboxSystem([thing({ outboxAttempts: 500, ...claimed })]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, republished: 1 });
    expect(outbox.item()).toMatchObject({ status: 'PROCESSING', outboxAttempts: 501 });
  });

  it('waits for the backlog and for a live lease like any other', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 12 })]);
    outbox.queue.work.visible = 1;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, waiting: 1 });
    const leased = createOutboxSystem([
      thing({ outboxAttempts: 12, status: 'PROCESSING', leaseUntil: SWEPT_AT_MS + 1 }),
    ]);
    expect(await leased.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, leased: 1 });
  });

  it('keeps its marker until its event is published, and republishes the same event', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 12 })]);
    outbox.aws.eventBridge.failNext('PutEvents', connectionRefused);
    await expect(outbox.sweep()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(outbox.item()).toMatchObject({ status: 'FAILED', version: 3, effects: 1 });

    outbox.time.ms += MINUTE_MS;
    await outbox.sweep();
    const [lost, sent] = outbox.aws.eventBridge.callsOf('PutEvents').map(({ Entries }) => Entries);
    expect(sent).toEqual(lost);
    expect(outbox.item()).toMatchObject({ status: 'FAILED', version: 3, effects: 1 });
  });

  it('loses its marker when outcomes have no consumer', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 12 })], { confirmedBy: [] });
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, givenUp: 1 });
    expect(outbox.item()).toMatchObject({ status: 'FAILED' });
    expect(outbox.item()).not.toHaveProperty('outboxAt');
    expect(outbox.published()).toEqual([]);
  });

  it('is given up by a later sweep when the process died after the claim', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 12 })]);
    const { send } = outbox.aws.dynamo;
    let statements = 0;
    outbox.aws.dynamo.send = (async (command: { constructor: { name: string } }) => {
      if (command.constructor.name === 'BatchExecuteStatementCommand' && ++statements === 2) throw connectionReset();
      return send(command as never);
    }) as never;
    await expect(outbox.sweep()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(outbox.item()).toMatchObject({ status: 'PROCESSING' });
    expect(await outbox.sweep()).toMatchObject({ leased: 1 });
    outbox.time.ms = Number(outbox.item().outboxAt);
    expect(await outbox.sweep()).toMatchObject({ givenUp: 1 });
    expect(outbox.item()).toMatchObject({ status: 'FAILED', effects: 1 });
  });
});
