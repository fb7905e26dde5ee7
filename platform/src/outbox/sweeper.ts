import { BatchGetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';
import type { Clock } from '../clock.js';
import { claimItem, finishItem } from '../statements/claim.js';
import type { StatementExecutor } from '../statements/executor.js';
import { dropMarker, moveMarker, type ClaimableItem, type Lifecycle } from '../statements/transitions.js';
import type { EventPublisher, OutgoingEvent } from './event-publisher.js';

/** An item with its marker, as far as the sweeper looks. */
type MarkedItem = ClaimableItem & { outboxAt?: number; outboxAttempts: number };

export type OutboxTable = {
  lifecycle: Lifecycle;
  /** Messages that wait, are delayed or in flight in the queue that works on these items. */
  queueDepth: () => Promise<number>;
  /** The event that sets an unfinished item going again. */
  eventOf: (item: Record<string, unknown>) => OutgoingEvent;
  /** The event of an item that the sweeper has given up, if there is one. */
  givenUpEventOf: (item: Record<string, unknown>) => OutgoingEvent | undefined;
};

export type SweeperOptions = {
  index: string;
  shards: number;
  /** How long a backlog may explain that a marker is due. */
  queueGraceMs: number;
  leaseMs: number;
  maxAttempts: number;
  backoffBaseMs: number;
  backoffMaxMs: number;
};

/** What one sweep did, per table; `due` is a lower bound when a shard holds more than one page. */
export type SweepReport = { due: number; republished: number; leased: number; waiting: number; givenUp: number };

/** Enough per sweep to outrun any loss, and small enough to read at once. */
const PAGE = 100;
/** As many as one PutEvents call carries. */
const CONCURRENT_VISITS = 10;

type Dependencies = { dynamo: DynamoDb; executor: StatementExecutor; publisher: EventPublisher; now: Clock };

/** Index entries of one table that are due, oldest first within a shard. */
async function findDue(
  dynamo: DynamoDb,
  { table, key }: Lifecycle,
  options: SweeperOptions,
  now: number,
): Promise<string[]> {
  const shards = Array.from({ length: options.shards }, (_, shard) => shard);
  const pages = await Promise.all(
    shards.map((shard) =>
      dynamo.send(
        new QueryCommand({
          TableName: table,
          IndexName: options.index,
          KeyConditionExpression: '#shard = :shard AND #dueAt <= :now',
          ExpressionAttributeNames: { '#shard': 'outboxShard', '#dueAt': 'outboxAt' },
          ExpressionAttributeValues: { ':shard': shard, ':now': now },
          Limit: PAGE,
        }),
      ),
    ),
  );
  return pages.flatMap(({ Items: items = [] }) => items.map((item) => String(item[key])));
}

/** The items themselves, read consistently: the index lags. What a busy table leaves unread, the next sweep reads. */
async function readItems(
  dynamo: DynamoDb,
  { table, key }: Lifecycle,
  ids: string[],
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  for (let start = 0; start < ids.length; start += PAGE) {
    const keys = ids.slice(start, start + PAGE).map((id) => ({ [key]: id }));
    const answer = await dynamo.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    );
    items.push(...(answer.Responses?.[table] ?? []));
  }
  return items;
}

/**
 * Looks at every due marker of a table once. The marker stays on an item from its insert to its terminal write, so
 * whatever became of its messages, this is what brings it back.
 */
export async function sweep(
  table: OutboxTable,
  options: SweeperOptions,
  dependencies: Dependencies,
): Promise<SweepReport> {
  const { dynamo, executor, publisher, now } = dependencies;
  const { lifecycle } = table;
  const report: SweepReport = { due: 0, republished: 0, leased: 0, waiting: 0, givenUp: 0 };
  const sweptAt = now();
  const due = await findDue(dynamo, lifecycle, options, sweptAt);
  report.due = due.length;
  if (due.length === 0) return report;

  const depth = await table.queueDepth();
  const backlogExplains = depth >= due.length;

  const visit = async (item: Record<string, unknown>): Promise<void> => {
    const id = String(item[lifecycle.key]);
    const { status, leaseUntil, outboxAt, outboxAttempts } = item as MarkedItem;
    if (outboxAt === undefined || outboxAt > sweptAt) return;

    if (status === lifecycle.states.done || status === lifecycle.states.failed) {
      // Given up by a sweeper that could not tell anybody.
      await announceGivenUp(table, item, outboxAt, dependencies);
    } else if (status === lifecycle.states.working && leaseUntil >= sweptAt) {
      await executor.execute(
        moveMarker(lifecycle, id, outboxAt, { outboxAt: leaseUntil + 1, attempts: outboxAttempts }),
      );
      report.leased += 1;
    } else if (backlogExplains && sweptAt - outboxAt < options.queueGraceMs) {
      report.waiting += 1;
    } else if (outboxAttempts >= options.maxAttempts) {
      const failed = await giveUp(lifecycle, item, options, dependencies);
      if (!failed) return;
      await announceGivenUp(table, failed, outboxAt, dependencies);
      report.givenUp += 1;
    } else {
      const backoffMs = Math.min(options.backoffBaseMs * 2 ** outboxAttempts, options.backoffMaxMs);
      const next = { outboxAt: sweptAt + backoffMs, attempts: outboxAttempts + 1 };
      const taken = await executor.execute(moveMarker(lifecycle, id, outboxAt, next));
      if (!taken.applied) return;
      try {
        await publisher.publish(table.eventOf(item));
      } catch (error) {
        // The bus is away: that is no attempt, or a long outage would give up orders that nobody has tried to deliver.
        await executor.execute(moveMarker(lifecycle, id, next.outboxAt, { ...next, attempts: outboxAttempts }));
        throw error;
      }
      report.republished += 1;
    }
  };

  const items = await readItems(dynamo, lifecycle, due);
  for (let start = 0; start < items.length; start += CONCURRENT_VISITS) {
    // A chunk with a failure ends the sweep: the next one starts again where the markers say.
    const visits = await Promise.allSettled(items.slice(start, start + CONCURRENT_VISITS).map(visit));
    const failed = visits.find((visited) => visited.status === 'rejected');
    if (failed) throw failed.reason;
  }
  return report;
}

/**
 * The item ends failed, and an operator's replay can start it again. Its marker stays until the event is out.
 * @returns the item as it then stands; undefined when somebody works on it after all
 */
async function giveUp(
  lifecycle: Lifecycle,
  item: Record<string, unknown>,
  options: SweeperOptions,
  { executor, now }: Dependencies,
): Promise<Record<string, unknown> | undefined> {
  const id = String(item[lifecycle.key]);
  const at = now();
  const step = { name: 'undelivered', entry: { at: new Date(at).toISOString() } };
  const claim = await claimItem(
    executor,
    lifecycle,
    { id, messageId: `sweeper:${id}`, leaseMs: options.leaseMs, step, marker: { outboxShard: 0, delayMs: 0 } },
    now,
  );
  if (claim.kind !== 'claimed') return undefined;

  const attributes = {
    failure: {
      code: 'UNDELIVERED',
      message: 'No worker finished it, however often it was published; replay it once the cause is mended.',
      retriable: true,
    },
  };
  const outcome = { result: 'failed', now: at, attributes, keepMarker: true, step } as const;
  if (!(await finishItem(executor, lifecycle, claim.ownership, outcome))) return undefined;
  return {
    ...item,
    ...attributes,
    status: lifecycle.states.failed,
    version: claim.ownership.version + 1,
    updatedAt: new Date(at).toISOString(),
  };
}

async function announceGivenUp(
  { lifecycle, givenUpEventOf }: OutboxTable,
  item: Record<string, unknown>,
  outboxAt: number,
  { executor, publisher }: Dependencies,
): Promise<void> {
  const event = givenUpEventOf(item);
  if (event) await publisher.publish(event);
  await executor.execute(dropMarker(lifecycle, String(item[lifecycle.key]), outboxAt));
}
