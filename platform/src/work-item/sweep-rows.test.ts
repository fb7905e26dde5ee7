import { describe, expect, it } from '@jest/globals';
import { connectionReset } from '@orderflow/testing/aws/aws-errors';
import {
  createOutboxSystem,
  finishedThing,
  NOTHING_SWEPT,
  SWEEPER_OPTIONS,
  SWEPT_AT_MS,
  thing,
} from '@orderflow/testing/outbox-system';
import type { WorkItemTable } from './work-item.js';

const LONGEST_PAUSE_MS = SWEEPER_OPTIONS.backoffMaxMs;

/** A system in which the events of some rows cannot be made. */
function withBadRows(things: readonly Record<string, unknown>[], confirmedBy?: readonly string[]) {
  const outbox = createOutboxSystem(things, { confirmedBy });
  const { table } = outbox.table;
  const failingOn =
    (eventOf: WorkItemTable['createdEventOf']): WorkItemTable['createdEventOf'] =>
    (item) => {
      const { bad } = item as { bad?: string };
      if (bad === 'throws') throw new TypeError('items is undefined');
      return bad === 'nothing' ? (undefined as never) : eventOf(item);
    };
  table.createdEventOf = failingOn(table.createdEventOf);
  table.outcomeEventOf = failingOn(table.outcomeEventOf as WorkItemTable['createdEventOf']);
  return outbox;
}

const good = (count: number) =>
  Array.from({ length: count }, (_, i) => thing({ thingId: `good-${i}`, outboxShard: i % 8 }));
/** Older than the good ones, so that every sweep meets them first. */
const bad = (count: number, change: Record<string, unknown>) =>
  Array.from({ length: count }, (_, i) =>
    thing({ thingId: `bad-${i}`, outboxShard: i % 8, outboxAt: SWEPT_AT_MS - 60_000, ...change }),
  );

describe('rows that cannot be processed', () => {
  const kinds: [string, Record<string, unknown>][] = [
    ['whose event cannot be made', { bad: 'throws' }],
    ['that have no event', { bad: 'nothing' }],
    ['whose outcome has no event', { ...finishedThing(), bad: 'nothing' }],
    ['whose outcome event cannot be made', { ...finishedThing(), bad: 'throws' }],
  ];

  it.each(kinds)('%s delay no other row, and are named', async (_what, change) => {
    const { thingId: _id, outboxShard: _shard, outboxAt: _at, ...rest } = change;
    const outbox = withBadRows([...bad(10, rest), ...good(30)]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 40, republished: 30, failed: 10 });
    expect(outbox.published().sort()).toEqual(
      good(30)
        .map(({ thingId }) => `Made ${String(thingId)} v1`)
        .sort(),
    );
    const named = outbox.log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields.id);
    expect(named.sort()).toEqual(
      bad(10, {})
        .map(({ thingId }) => thingId)
        .sort(),
    );
    expect(outbox.problem()).toMatch(/^10 items of things cannot be processed, such as bad-\d; the log says why$/);
    // Its event was never published, so that was no attempt.
    expect(outbox.item('bad-0')).toMatchObject({ outboxAt: SWEPT_AT_MS + LONGEST_PAUSE_MS, outboxAttempts: 0 });
    expect(await outbox.sweep()).toEqual(NOTHING_SWEPT);
  });

  it('are republished once they are repaired, which ends the problem', async () => {
    const outbox = withBadRows(bad(1, { bad: 'throws' }));
    for (let sweep = 0; sweep < 20; sweep++) {
      await outbox.sweep();
      outbox.time.ms += LONGEST_PAUSE_MS;
    }
    expect(outbox.item('bad-0')).toMatchObject({ status: 'PENDING', outboxAttempts: 0 });
    outbox.aws.dynamo.seed('things', { ...outbox.item('bad-0'), bad: 'no more' });
    expect(await outbox.sweep()).toMatchObject({ republished: 1, failed: 0 });
    expect(outbox.problem()).toBeUndefined();
  });

  it.each(['status', 'version', 'holder', 'leaseUntil', 'updatedAt', 'outboxAttempts', 'effects', 'timeline'])(
    'without %s do not stop the others',
    async (attribute) => {
      const { [attribute]: _missing, ...row } = thing({ thingId: 'bad', outboxAt: SWEPT_AT_MS - 60_000 });
      const outbox = createOutboxSystem([row, ...good(12)]);
      await outbox.sweep();
      const swept = outbox.published().filter((entry) => entry.includes('good'));
      expect(swept).toHaveLength(12);
      expect(Number(outbox.item('bad').outboxAt)).toBeGreaterThan(SWEPT_AT_MS);
    },
  );

  it.each(['status', 'version', 'updatedAt'])(
    'without %s lose their marker or are named if outcomes have no event',
    async (attribute) => {
      const { [attribute]: _missing, ...row } = finishedThing({ thingId: 'bad' });
      const outbox = createOutboxSystem([row, ...good(3)], { confirmedBy: [] });
      await outbox.sweep();
      expect(outbox.published().filter((entry) => entry.includes('good'))).toHaveLength(3);
      expect(Number(outbox.item('bad').outboxAt ?? Infinity)).toBeGreaterThan(SWEPT_AT_MS);
    },
  );

  it.each(['MalformedDetail', 'InvalidArgument', 'ValidationException'])(
    'whose event the bus refuses with %s are set aside',
    async (code) => {
      const outbox = createOutboxSystem([thing({ outboxAttempts: 11 })]);
      outbox.aws.eventBridge.rejectEntriesNext('PutEvents', code);
      expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, failed: 1 });
      expect(outbox.item()).toMatchObject({ outboxAt: SWEPT_AT_MS + LONGEST_PAUSE_MS, outboxAttempts: 11 });
    },
  );

  it('do not hide an outage', async () => {
    const outbox = withBadRows([...bad(1, { bad: 'throws' }), ...good(1)]);
    outbox.aws.eventBridge.failAlways('*', connectionReset);
    await expect(outbox.sweep()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(outbox.problem()).toContain('bad-0');
  });
});

describe('items that have to wait', () => {
  it('do not hide others from the sweeper, however many there are', async () => {
    const waiting = Array.from({ length: 250 }, (_, i) =>
      thing({ thingId: `w${i}`, outboxAt: SWEPT_AT_MS - 60_000 + i }),
    );
    const outbox = createOutboxSystem([...waiting, finishedThing({ thingId: 'done' })]);
    outbox.queue.work.visible = 250;
    for (let sweep = 0; sweep < 3; sweep++) await outbox.sweep();
    expect(outbox.published()).toEqual(['Ended done v3']);
  });
});

describe('a lost answer', () => {
  it('does not prevent the publication when the client repeats the move of the marker', async () => {
    const outbox = createOutboxSystem([thing()]);
    const { send } = outbox.aws.dynamo;
    outbox.aws.dynamo.send = (async (command: { input: { Statements?: { Statement: string }[] } }) => {
      const moves = command.input.Statements?.some(({ Statement: text }) => text.includes('SET "outboxAt" = ? WHERE'));
      if (moves) await send(command as never);
      return send(command as never);
    }) as never;
    expect(await outbox.sweep()).toMatchObject({ republished: 1 });
    expect(outbox.published()).toEqual(['Made thing-1 v1']);
    expect(outbox.item()).toMatchObject({ outboxAttempts: 1 });
  });

  it('costs no attempt when nothing was published', async () => {
    const outbox = createOutboxSystem([thing({ outboxAttempts: 11 })]);
    for (let sweep = 0; sweep < 20; sweep++) {
      outbox.aws.dynamo.applyThenLoseAnswer('BatchExecuteStatement');
      await expect(outbox.sweep()).rejects.toMatchObject({ code: 'ECONNRESET' });
      outbox.time.ms = Number(outbox.item().outboxAt);
    }
    expect(outbox.published()).toEqual([]);
    expect(await outbox.sweep()).toMatchObject({ republished: 1, givenUp: 0 });
    expect(outbox.item()).toMatchObject({ status: 'PENDING', outboxAttempts: 12 });
  });
});

describe('a marker that a fast clock has written', () => {
  const HOUR_MS = 3_600_000;

  it('is flagged and swept at once', async () => {
    const outbox = createOutboxSystem([thing({ outboxAt: SWEPT_AT_MS + HOUR_MS })]);
    expect(await outbox.sweep()).toEqual({ ...NOTHING_SWEPT, due: 1, ahead: 1, republished: 1 });
    expect(outbox.log.lines).toMatchObject([
      { level: 'warn', fields: { id: 'thing-1', dueAt: new Date(SWEPT_AT_MS + HOUR_MS).toISOString() } },
    ]);
  });

  it('is left alone if a backoff or a lease can explain it', async () => {
    const outbox = createOutboxSystem([thing({ outboxAt: SWEPT_AT_MS + LONGEST_PAUSE_MS })]);
    expect(await outbox.sweep()).toEqual(NOTHING_SWEPT);
  });

  it('is found within a dozen sweeps of the clock being set back', async () => {
    const outbox = createOutboxSystem([]);
    await outbox.sweep();
    outbox.aws.dynamo.seed('things', thing({ outboxAt: SWEPT_AT_MS + HOUR_MS }));
    for (let sweep = 0; sweep < 12; sweep++) await outbox.sweep();
    expect(outbox.published()).toEqual(['Made thing-1 v1']);
  });
});
