import { describe, expect, it } from '@jest/globals';
import {
  createOutboxSystem,
  finishedThing,
  NOTHING_SWEPT,
  SWEEPER_OPTIONS,
  SWEPT_AT_MS,
  thing,
} from '@orderflow/testing/outbox-system';

describe('an unconfirmed outcome', () => {
  it('is republished as the same event', async () => {
    const outbox = createOutboxSystem([finishedThing()]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, republished: 1, awaiting: ['a-consumer'] });
    expect(outbox.published()).toEqual(['Ended thing-1 v3']);
    expect(outbox.item()).toMatchObject({ status: 'COMPLETED', version: 3, effects: 1, outboxAt: SWEPT_AT_MS + 5_000 });
  });

  it('is never given up: a consumer still needs it', async () => {
    const outbox = createOutboxSystem([finishedThing({ outboxAttempts: 500 })]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, republished: 1, awaiting: ['a-consumer'] });
    expect(outbox.item()).toMatchObject({ status: 'COMPLETED', outboxAt: SWEPT_AT_MS + SWEEPER_OPTIONS.backoffMaxMs });
  });

  it('waits for a backlog in its own queue, not in the other one', async () => {
    const outbox = createOutboxSystem([finishedThing(), thing({ thingId: 'thing-2' })]);
    outbox.queue.outcomes.visible = 1;
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 2, waiting: 1, republished: 1 });
    expect(outbox.published()).toEqual(['Made thing-2 v1']);
  });

  it('loses its marker when outcomes have no consumer', async () => {
    const outbox = createOutboxSystem([finishedThing()], { confirmedBy: [] });
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1 });
    expect(outbox.published()).toEqual([]);
    expect(outbox.item()).toMatchObject({ status: 'COMPLETED', version: 3 });
    expect(outbox.item()).not.toHaveProperty('outboxAt');
    expect(outbox.item()).not.toHaveProperty('expiresAt');
  });

  it('begins its retention when the sweeper removes its marker', async () => {
    const outbox = createOutboxSystem([finishedThing()], { confirmedBy: [] });
    outbox.table.table.retentionDays = 30;
    await outbox.sweep();
    expect(outbox.item()).toMatchObject({ expiresAt: SWEPT_AT_MS / 1_000 + 30 * 86_400 });
  });
});
