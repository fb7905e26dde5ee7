import { describe, expect, it } from '@jest/globals';
import { createStatementExecutor } from '../statements/executor.js';
import type { Lifecycle } from '../statements/transitions.js';
import { connectionRefused } from '../testing/aws-errors.js';
import { createFakeAws } from '../testing/fake-aws.js';
import { createEventPublisher } from './event-publisher.js';
import { sweep, type OutboxTable, type SweeperOptions } from './sweeper.js';

const NOW_MS = Date.UTC(2027, 0, 1);
const NOW = new Date(NOW_MS).toISOString();
const MINUTE_MS = 60_000;

const lifecycle: Lifecycle = {
  table: 'things',
  key: 'thingId',
  states: { waiting: 'WAITING', working: 'WORKING', done: 'DONE', failed: 'FAILED' },
};
const options: SweeperOptions = {
  index: 'outbox',
  shards: 8,
  queueGraceMs: 10 * MINUTE_MS,
  leaseMs: 30_000,
  maxAttempts: 12,
  backoffBaseMs: 5_000,
  backoffMaxMs: 15 * MINUTE_MS,
};

/** An item as its insert left it, whose marker became due a second ago. */
const thing = (change: object = {}) => ({
  thingId: 'thing-1',
  status: 'WAITING',
  version: 1,
  effects: 0,
  createdAt: '2026-12-31T00:00:00.000Z',
  updatedAt: '2026-12-31T00:00:00.000Z',
  holder: '',
  claimToken: '',
  leaseUntil: 0,
  lastReplayId: '',
  timeline: {},
  outboxShard: 3,
  outboxAt: NOW_MS - 1_000,
  outboxAttempts: 0,
  ...change,
});

/** A finished item whose outcome nobody has confirmed. */
const finished = (change: object = {}) => thing({ status: 'DONE', version: 3, effects: 1, ...change });

function createOutbox(...items: ReturnType<typeof thing>[]) {
  return createOutboxOf({ told: true }, ...items);
}

/** @param told whether somebody waits for outcomes */
function createOutboxOf({ told }: { told: boolean }, ...items: ReturnType<typeof thing>[]) {
  const time = { ms: NOW_MS };
  const queue = { depth: 0, outcomes: 0 };
  const givenUp: Record<string, unknown>[] = [];
  const aws = createFakeAws({
    eventBuses: ['bus'],
    tables: [
      {
        TableName: 'things',
        KeySchema: [{ AttributeName: 'thingId', KeyType: 'HASH' }],
        AttributeDefinitions: [
          { AttributeName: 'thingId', AttributeType: 'S' },
          { AttributeName: 'outboxShard', AttributeType: 'N' },
          { AttributeName: 'outboxAt', AttributeType: 'N' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'outbox',
            KeySchema: [
              { AttributeName: 'outboxShard', KeyType: 'HASH' },
              { AttributeName: 'outboxAt', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      },
    ],
  });
  aws.dynamo.seed('things', ...items);
  const eventOf =
    (type: string, at: string) =>
    (item: Record<string, unknown>): { source: string; type: string; detail: never } => ({
      source: 'test',
      type,
      detail: { metadata: { occurredAt: item[at] }, data: { id: item.thingId, version: item.version } } as never,
    });
  const table: OutboxTable = {
    lifecycle,
    work: { queueDepth: async () => queue.depth, eventOf: eventOf('Made', 'createdAt') },
    onGivenUp: (item) => givenUp.push(item),
    ...(told ? { outcome: { queueDepth: async () => queue.outcomes, eventOf: eventOf('Ended', 'updatedAt') } } : {}),
  };
  const dependencies = {
    dynamo: aws.dynamo,
    executor: createStatementExecutor(aws.dynamo),
    publisher: createEventPublisher(aws.eventBridge, { bus: 'bus' }),
    now: () => time.ms,
  };
  return {
    aws,
    time,
    queue,
    givenUp,
    sweep: () => sweep(table, options, dependencies),
    item: (thingId = 'thing-1') => aws.dynamo.item('things', { thingId })!,
    /** Type and id of every entry, in order. */
    published: () =>
      aws.eventBridge
        .callsOf('PutEvents')
        .flatMap(({ Entries = [] }) => Entries)
        .map(({ DetailType, Detail }) => {
          const { data } = JSON.parse(Detail!) as { data: { id: string; version: number } };
          return `${DetailType!} ${data.id} v${data.version}`;
        }),
  };
}

const nothing = { due: 0, republished: 0, leased: 0, waiting: 0, givenUp: 0 };

describe('a due marker', () => {
  it('has its event published again, and is due later', async () => {
    const outbox = createOutbox(thing());
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, republished: 1 });
    expect(outbox.published()).toEqual(['Made thing-1 v1']);
    expect(outbox.item()).toEqual(thing({ outboxAt: NOW_MS + 5_000, outboxAttempts: 1 }));
  });

  it('is found in every shard', async () => {
    const things = Array.from({ length: 8 }, (_, outboxShard) =>
      thing({ thingId: `thing-${outboxShard}`, outboxShard }),
    );
    const outbox = createOutbox(...things);
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 8, republished: 8 });
    expect(outbox.published().sort()).toEqual(things.map(({ thingId }) => `Made ${thingId} v1`));
  });

  it('is due at its very time and not before', async () => {
    const outbox = createOutbox(thing({ outboxAt: NOW_MS + 1 }));
    expect(await outbox.sweep()).toEqual(nothing);
    expect(outbox.aws.eventBridge.calls).toEqual([]);
    outbox.time.ms += 1;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, republished: 1 });
  });

  it('comes in hundreds', async () => {
    const outbox = createOutbox(
      ...Array.from({ length: 250 }, (_, i) => thing({ thingId: `t${i}`, outboxShard: i % 3 })),
    );
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 250, republished: 250 });
    expect(new Set(outbox.published()).size).toBe(250);
  });

  it('backs off: 5 s, 10 s, … 15 min', async () => {
    const outbox = createOutbox(thing());
    const pauses: number[] = [];
    for (let attempt = 0; attempt < options.maxAttempts; attempt++) {
      expect(await outbox.sweep()).toMatchObject({ republished: 1 });
      pauses.push((Number(outbox.item().outboxAt) - outbox.time.ms) / 1_000);
      outbox.time.ms = Number(outbox.item().outboxAt);
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
  });

  it('is believed only when the item itself still has it: the index lags', async () => {
    const outbox = createOutbox(thing());
    const { send } = outbox.aws.dynamo;
    outbox.aws.dynamo.send = (async (command: { constructor: { name: string } }) => {
      if (command.constructor.name === 'BatchGetCommand') {
        const { outboxShard: _, outboxAt: __, ...done } = thing({ status: 'DONE' });
        outbox.aws.dynamo.seed('things', done);
      }
      return send(command as never);
    }) as never;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1 });
    expect(outbox.aws.eventBridge.calls).toEqual([]);
  });

  it('moves to the end of the lease of whoever works on the item', async () => {
    const leaseUntil = NOW_MS + 20_000;
    const outbox = createOutbox(thing({ status: 'WORKING', version: 2, holder: 'm', claimToken: 'c', leaseUntil }));
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, leased: 1 });
    expect(outbox.item()).toMatchObject({ outboxAt: leaseUntil + 1, outboxAttempts: 0, holder: 'm' });
    expect(outbox.aws.eventBridge.calls).toEqual([]);

    // Its worker died: nobody finished it in time.
    outbox.time.ms = leaseUntil + 1;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, republished: 1 });
  });
});

describe('a backlog in the queue', () => {
  const three = () => [1, 2, 3].map((i) => thing({ thingId: `thing-${i}` }));

  it('explains the wait while it holds as many messages as markers are due', async () => {
    const outbox = createOutbox(...three());
    outbox.queue.depth = 3;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 3, waiting: 3 });
    expect(outbox.item('thing-1')).toEqual(three()[0]);
  });

  it('explains as many as it holds messages: those that are due for longest are published again', async () => {
    const outbox = createOutbox(
      ...[3, 1, 2].map((i) => thing({ thingId: `thing-${i}`, outboxShard: i, outboxAt: NOW_MS - 1_000 + i })),
    );
    outbox.queue.depth = 2;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 3, republished: 1, waiting: 2 });
    expect(outbox.published()).toEqual(['Made thing-1 v1']);
  });

  it('explains it for ten minutes and no longer', async () => {
    const outbox = createOutbox(thing({ outboxAt: NOW_MS }));
    outbox.queue.depth = 1_000_000;
    outbox.time.ms += options.queueGraceMs - 1;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, waiting: 1 });
    outbox.time.ms += 1;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, republished: 1 });
  });

  it('explains what it held before the items were read: workers go on meanwhile', async () => {
    const outbox = createOutbox(...three());
    outbox.queue.depth = 3;
    const { send } = outbox.aws.dynamo;
    outbox.aws.dynamo.send = (async (command: { constructor: { name: string } }) => {
      const answer = (await send(command as never)) as unknown;
      if (command.constructor.name === 'BatchGetCommand') outbox.queue.depth = 0;
      return answer;
    }) as never;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 3, waiting: 3 });
  });

  it('is not asked for when nothing is due', async () => {
    const outbox = createOutbox();
    outbox.queue.depth = NaN;
    expect(await outbox.sweep()).toEqual(nothing);
  });
});

describe('an outcome that nobody has confirmed', () => {
  it('is told of again: the same event', async () => {
    const outbox = createOutbox(finished());
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, republished: 1 });
    expect(outbox.published()).toEqual(['Ended thing-1 v3']);
    expect(outbox.item()).toMatchObject({ status: 'DONE', version: 3, effects: 1, outboxAt: NOW_MS + 5_000 });
  });

  it('is never given up: it stands, and somebody waits for it', async () => {
    const outbox = createOutbox(finished({ outboxAttempts: 500 }));
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, republished: 1 });
    expect(outbox.item()).toMatchObject({ status: 'DONE', outboxAt: NOW_MS + options.backoffMaxMs });
  });

  it('waits while the queue that it goes to explains it, and not for the other queue', async () => {
    const outbox = createOutbox(finished(), thing({ thingId: 'thing-2' }));
    Object.assign(outbox.queue, { depth: 0, outcomes: 1 });
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 2, waiting: 1, republished: 1 });
    expect(outbox.published()).toEqual(['Made thing-2 v1']);
  });

  it('is let go once nobody is told of outcomes any more', async () => {
    const outbox = createOutboxOf({ told: false }, finished());
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1 });
    expect(outbox.published()).toEqual([]);
    expect(outbox.item()).toMatchObject({ status: 'DONE', version: 3 });
    expect(outbox.item()).not.toHaveProperty('outboxAt');
  });
});

describe('two sweepers', () => {
  it('publish an event once', async () => {
    const outbox = createOutbox(...Array.from({ length: 30 }, (_, i) => thing({ thingId: `t${i}` })));
    const reports = await Promise.all([outbox.sweep(), outbox.sweep()]);
    expect(reports[0].republished + reports[1].republished).toBe(30);
    expect(outbox.published().sort()).toEqual(Array.from({ length: 30 }, (_, i) => `Made t${i} v1`).sort());
  });

  it('give an item up once', async () => {
    const outbox = createOutbox(thing({ outboxAttempts: 12 }));
    await Promise.all([outbox.sweep(), outbox.sweep()]);
    expect(outbox.item()).toMatchObject({ status: 'FAILED', effects: 1 });
    expect(new Set(outbox.published())).toEqual(new Set(['Ended thing-1 v3']));
  });
});

describe('without the bus', () => {
  it('a publication that fails is no attempt', async () => {
    const outbox = createOutbox(thing({ outboxAttempts: 11 }));
    outbox.aws.eventBridge.failAlways('*', connectionRefused);
    for (let i = 0; i < 20; i++) {
      await expect(outbox.sweep()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(outbox.item()).toMatchObject({ status: 'WAITING', outboxAttempts: 11 });
      expect(outbox.item().outboxAt).toBeGreaterThan(outbox.time.ms);
      outbox.time.ms = Number(outbox.item().outboxAt);
    }
    outbox.aws.eventBridge.heal();
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, republished: 1 });
    expect(outbox.item()).toMatchObject({ outboxAttempts: 12 });
  });

  it('an event that the bus refuses does not cost its neighbours theirs', async () => {
    const outbox = createOutbox(...[1, 2, 3].map((i) => thing({ thingId: `thing-${i}` })));
    outbox.aws.eventBridge.rejectEntriesNext('PutEvents', 'InternalFailure');
    await expect(outbox.sweep()).rejects.toMatchObject({ name: 'InternalFailure' });
    const attempts = [1, 2, 3].map((i) => outbox.item(`thing-${i}`).outboxAttempts);
    expect(attempts.sort()).toEqual([0, 1, 1]);
  });
});

describe('an item whose attempts are used up', () => {
  it('fails as UNDELIVERED, for a replay to start again, and the world is told', async () => {
    const outbox = createOutbox(thing({ outboxAttempts: 12 }));
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, givenUp: 1 });
    const item = outbox.item();
    expect(item).toMatchObject({
      status: 'FAILED',
      version: 3,
      effects: 1,
      updatedAt: NOW,
      failure: { code: 'UNDELIVERED', retriable: true, message: expect.any(String) as unknown },
      timeline: { undelivered_2: { at: NOW, version: 2 }, failed_3: { at: NOW, version: 3 } },
    });
    expect(item).toMatchObject({ outboxAt: NOW_MS + options.backoffBaseMs, outboxAttempts: 0 });
    expect(outbox.published()).toEqual(['Ended thing-1 v3']);
    expect(outbox.givenUp).toMatchObject([{ thingId: 'thing-1', status: 'FAILED', updatedAt: NOW }]);
    expect(await outbox.sweep()).toEqual(nothing);
  });

  it('is given up also when a dead worker holds it', async () => {
    const outbox = createOutbox(
      thing({
        outboxAttempts: 12,
        status: 'WORKING',
        version: 4,
        holder: 'm',
        claimToken: 'c',
        leaseUntil: NOW_MS - options.leaseMs,
      }),
    );
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, givenUp: 1 });
    expect(outbox.item()).toMatchObject({ status: 'FAILED', version: 6 });
  });

  it('waits for the backlog and for a live lease like any other', async () => {
    const outbox = createOutbox(thing({ outboxAttempts: 12 }));
    outbox.queue.depth = 1;
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, waiting: 1 });
    const leased = createOutbox(thing({ outboxAttempts: 12, status: 'WORKING', leaseUntil: NOW_MS + 1 }));
    expect(await leased.sweep()).toEqual({ ...nothing, due: 1, leased: 1 });
  });

  it('keeps its marker until its event is out: the same event', async () => {
    const outbox = createOutbox(thing({ outboxAttempts: 12 }));
    outbox.aws.eventBridge.failNext('PutEvents', connectionRefused);
    await expect(outbox.sweep()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(outbox.item()).toMatchObject({ status: 'FAILED', version: 3, effects: 1 });

    outbox.time.ms += MINUTE_MS;
    await outbox.sweep();
    const [lost, sent] = outbox.aws.eventBridge.callsOf('PutEvents').map(({ Entries }) => Entries);
    expect(sent).toEqual(lost);
    expect(outbox.item()).toMatchObject({ status: 'FAILED', version: 3, effects: 1 });
  });

  it('has no marker any more where nobody is told of outcomes', async () => {
    const outbox = createOutboxOf({ told: false }, thing({ outboxAttempts: 12 }));
    expect(await outbox.sweep()).toEqual({ ...nothing, due: 1, givenUp: 1 });
    expect(outbox.item()).toMatchObject({ status: 'FAILED' });
    expect(outbox.item()).not.toHaveProperty('outboxAt');
    expect(outbox.published()).toEqual([]);
  });

  it('is finished by the next sweep when the process died after the claim', async () => {
    const outbox = createOutbox(thing({ outboxAttempts: 12 }));
    const { send } = outbox.aws.dynamo;
    let statements = 0;
    outbox.aws.dynamo.send = (async (command: { constructor: { name: string } }) => {
      if (command.constructor.name === 'BatchExecuteStatementCommand' && ++statements === 2) throw new Error('died');
      return send(command as never);
    }) as never;
    await expect(outbox.sweep()).rejects.toThrow('died');
    expect(outbox.item()).toMatchObject({ status: 'WORKING' });
    expect(await outbox.sweep()).toMatchObject({ leased: 1 });
    outbox.time.ms += options.leaseMs + 1;
    expect(await outbox.sweep()).toMatchObject({ givenUp: 1 });
    expect(outbox.item()).toMatchObject({ status: 'FAILED', effects: 1 });
  });
});
