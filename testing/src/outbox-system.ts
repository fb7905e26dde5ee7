import type { QueueCounts } from '@orderflow/platform/aws/queues';
import { createEventPublisher } from '@orderflow/platform/events/publisher';
import { emptyReport, type SweptTable, type SweeperOptions } from '@orderflow/platform/work-item/swept-table';
import { createSweeper } from '@orderflow/platform/work-item/sweep';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { createFakeAws } from './aws/fake-aws.js';
import { ownedTime } from './owned-time.js';
import { createRecordingLogger } from './recording-logger.js';
import { INSERTED_ITEM, THINGS } from './work-item-table.js';

export const SWEPT_AT_MS = Date.UTC(2027, 0, 1);
const MINUTE_MS = 60_000;

export const SWEEPER_OPTIONS: SweeperOptions = {
  queueGraceMs: 10 * MINUTE_MS,
  retentionMs: 4 * 24 * 60 * MINUTE_MS,
  leaseMs: 30_000,
  maxAttempts: 12,
  backoffBaseMs: 5_000,
  backoffMaxMs: 15 * MINUTE_MS,
};

type Thing = Record<string, unknown>;

/** An item as its insert left it, whose marker became due a second ago. */
export const thing = (change: Thing = {}): Thing => ({
  ...INSERTED_ITEM,
  thingId: 'thing-1',
  createdAt: '2026-12-31T00:00:00.000Z',
  updatedAt: '2026-12-31T00:00:00.000Z',
  outboxAt: SWEPT_AT_MS - 1_000,
  ...change,
});

/** A finished item whose outcome is not confirmed. */
export const finishedThing = (change: Thing = {}): Thing =>
  thing({ status: 'COMPLETED', version: 3, effects: 1, ...change });

/** A sweep that found nothing. */
export const NOTHING_SWEPT = emptyReport();

const THINGS_TABLE = {
  TableName: 'things',
  KeySchema: [{ AttributeName: 'thingId', KeyType: 'HASH' as const }],
  AttributeDefinitions: [
    { AttributeName: 'thingId', AttributeType: 'S' as const },
    { AttributeName: 'outboxShard', AttributeType: 'N' as const },
    { AttributeName: 'outboxAt', AttributeType: 'N' as const },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'outbox',
      KeySchema: [
        { AttributeName: 'outboxShard', KeyType: 'HASH' as const },
        { AttributeName: 'outboxAt', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    },
  ],
};

type SystemOptions = {
  /** Consumers that confirm outcomes. */
  confirmedBy?: readonly string[];
  options?: Partial<SweeperOptions>;
};

/** A table of things with a sweeper, over fakes; the test decides what the queues hold. */
export function createOutboxSystem(
  things: readonly Thing[],
  { confirmedBy = THINGS.confirmedBy, options = {} }: SystemOptions = {},
) {
  const time = { ms: SWEPT_AT_MS };
  const empty = (): QueueCounts => ({ visible: 0, inFlight: 0, delayed: 0 });
  const queue = { work: empty(), outcomes: empty(), others: empty() };
  /** Why a subscription is blocked; undefined while it is not. */
  const blocked: Partial<Record<keyof typeof queue, Error>> = {};
  const givenUp: Thing[] = [];
  const log = createRecordingLogger();
  const aws = createFakeAws({ eventBuses: ['bus'], tables: [THINGS_TABLE] });
  aws.dynamo.seed('things', ...things);

  const subscription = (name: keyof typeof queue) => ({
    check: () => (blocked[name] ? Promise.reject(blocked[name]) : Promise.resolve()),
    countQueue: () => Promise.resolve({ ...queue[name] }),
  });
  const table: SweptTable = {
    table: { ...THINGS, confirmedBy },
    work: subscription('work'),
    onGivenUp: (item) => givenUp.push(item),
    consumers: { 'a-consumer': subscription('outcomes'), 'b-consumer': subscription('others') },
  };
  let sweepers = 0;
  const createAnother = () => {
    const jitter = sweepers++ / 10;
    return createSweeper(
      table,
      { ...SWEEPER_OPTIONS, ...options },
      {
        dynamo: aws.dynamo,
        executor: createStatementExecutor(aws.dynamo),
        publisher: createEventPublisher(aws.eventBridge, { bus: 'bus' }),
        logger: log.logger,
        now: () => time.ms,
        monotonic: ownedTime(() => time.ms),
        random: () => jitter,
      },
    );
  };
  const sweeper = createAnother();
  return {
    aws,
    executor: createStatementExecutor(aws.dynamo),
    time,
    queue,
    blocked,
    givenUp,
    log,
    table,
    createAnother,
    sweep: sweeper.sweep,
    problem: sweeper.problem,
    item: (thingId = 'thing-1'): Thing => aws.dynamo.item('things', { thingId }) ?? {},
    /** Type and id of every entry that reached the bus, in order. */
    published: () =>
      aws.eventBridge
        .callsOf('PutEvents')
        .flatMap(({ Entries = [] }) => Entries)
        .map(({ DetailType = '', Detail = '' }) => {
          const { data } = JSON.parse(Detail) as { data: { id: string; version: number } };
          return `${DetailType} ${data.id} v${data.version}`;
        }),
  };
}
