import { BatchGetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';
import type { Clock } from '../clock.js';
import { failpoint } from '../failpoints.js';
import type { StatementExecutor } from '../statements/executor.js';
import { confirm, moveMarker, type ClaimableItem, type Lifecycle } from '../statements/transitions.js';
import { giveUp } from './give-up.js';
import type { EventPublisher, OutgoingEvent } from './event-publisher.js';
import type { OutboxMetrics } from './outbox-metrics.js';

/** An item with its marker, as far as the sweeper looks. */
type MarkedItem = Record<string, unknown> &
  ClaimableItem & { outboxAt: number; outboxAttempts: number; updatedAt: string };

/** Where an item's next step comes from. */
type Route = {
  /** Messages that wait, are delayed or in flight in the queue that the event ends up in. */
  queueDepth: () => Promise<number>;
  /** The event that brings the item on. */
  eventOf: (item: Record<string, unknown>) => OutgoingEvent | undefined;
};

export type OutboxTable = {
  lifecycle: Lifecycle;
  /** Takes an unfinished item to its outcome. */
  work: Route;
  /** Tells of an outcome, whose marker stays until it is confirmed. Absent: the outcome ends the marker. */
  outcome?: Route;
  /** Told of each item that the sweeper has ended, as it then stands. */
  onGivenUp?: (item: Record<string, unknown>) => void;
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

type Dependencies = {
  dynamo: DynamoDb;
  executor: StatementExecutor;
  publisher: Pick<EventPublisher, 'publish'>;
  now: Clock;
  /** Told while the sweep is under way, because one that fails has no report. */
  metrics?: OutboxMetrics;
};

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
 * Looks at every due marker of a table once. The marker stays on an item from its insert until its outcome is written,
 * or has arrived where it is waited for; whatever became of the messages in between, this is what sends them again.
 */
export async function sweep(
  table: OutboxTable,
  options: SweeperOptions,
  dependencies: Dependencies,
): Promise<SweepReport> {
  const { dynamo, executor, publisher, now, metrics } = dependencies;
  const { lifecycle } = table;
  const report: SweepReport = { due: 0, republished: 0, leased: 0, waiting: 0, givenUp: 0 };
  const sweptAt = now();
  const idOf = (item: MarkedItem): string => String(item[lifecycle.key]);

  /** Taken by moving the marker, so that of several sweepers one publishes. */
  async function republish({ eventOf }: Route, item: MarkedItem): Promise<void> {
    const event = eventOf(item);
    if (!event) return;
    const id = idOf(item);
    const { outboxAt, outboxAttempts } = item;
    const backoffMs = Math.min(options.backoffBaseMs * 2 ** outboxAttempts, options.backoffMaxMs);
    const next = { outboxAt: sweptAt + backoffMs, attempts: outboxAttempts + 1 };
    const taken = await executor.execute(moveMarker(lifecycle, id, outboxAt, next));
    if (!taken.applied) return;
    failpoint('sweeper.after-take');
    try {
      await publisher.publish(event);
    } catch (error) {
      // The bus is away: that is no attempt, or a long outage would give up orders that nobody has tried to deliver.
      await executor.execute(moveMarker(lifecycle, id, next.outboxAt, { ...next, attempts: outboxAttempts }));
      throw error;
    }
    report.republished += 1;
    metrics?.republished(lifecycle.table);
  }

  const visit = async (route: Route, backlogExplains: boolean, item: MarkedItem): Promise<void> => {
    const { status, leaseUntil, outboxAt, outboxAttempts } = item;
    if (status === lifecycle.states.working && leaseUntil >= sweptAt) {
      const atItsEnd = { outboxAt: leaseUntil + 1, attempts: outboxAttempts };
      await executor.execute(moveMarker(lifecycle, idOf(item), outboxAt, atItsEnd));
      report.leased += 1;
    } else if (backlogExplains && sweptAt - outboxAt < options.queueGraceMs) {
      report.waiting += 1;
    } else if (route === table.work && outboxAttempts >= options.maxAttempts) {
      const marker = table.outcome ? { outboxAt: now() + options.backoffBaseMs } : {};
      const failed = await giveUp({ lifecycle, leaseMs: options.leaseMs, ...marker }, item, dependencies);
      if (!failed) return;
      report.givenUp += 1;
      metrics?.gaveUp(lifecycle.table);
      table.onGivenUp?.(failed);
      const event = table.outcome?.eventOf(failed);
      if (event) await publisher.publish(event);
    } else {
      // An outcome is told of for ever, at the slowest pace in the end: it stands, and somebody waits for it.
      await republish(route, item);
    }
  };

  const due = await findDue(dynamo, lifecycle, options, sweptAt);
  report.due = due.length;
  if (due.length === 0) {
    metrics?.swept(lifecycle.table, [], sweptAt);
    return report;
  }
  // Before the items: a queue that is being emptied meanwhile would seem to explain fewer of them than it does.
  const depths = await Promise.all([table.work.queueDepth(), table.outcome?.queueDepth() ?? 0]);
  const items = ((await readItems(dynamo, lifecycle, due)) as MarkedItem[]).filter(
    // The index lags: an item may have lost its marker, or moved it on.
    ({ outboxAt }) => outboxAt <= sweptAt,
  );
  metrics?.swept(lifecycle.table, items, sweptAt);
  const isFinished = ({ status }: MarkedItem): boolean =>
    status === lifecycle.states.done || status === lifecycle.states.failed;

  async function visitAll(route: Route, onRoute: MarkedItem[], depth: number): Promise<void> {
    onRoute.sort((a, b) => a.outboxAt - b.outboxAt);
    // Which of them have lost their messages nobody can tell; those that have waited longest, most likely.
    const unexplained = Math.max(0, onRoute.length - depth);
    for (let start = 0; start < onRoute.length; start += CONCURRENT_VISITS) {
      const chunk = onRoute.slice(start, start + CONCURRENT_VISITS);
      // A chunk with a failure ends the sweep: the next one starts again where the markers say.
      const visits = await Promise.allSettled(
        chunk.map((item, index) => visit(route, start + index >= unexplained, item)),
      );
      const failed = visits.find((visited) => visited.status === 'rejected');
      if (failed) throw failed.reason;
    }
  }
  const finished = items.filter(isFinished);
  if (table.outcome) await visitAll(table.outcome, finished, depths[1]);
  // Outcomes that nobody is told of any more.
  else await Promise.all(finished.map((item) => executor.execute(confirm(lifecycle, idOf(item), item.version))));
  const unfinished = items.filter((item) => !isFinished(item));
  await visitAll(table.work, unfinished, depths[0]);
  return report;
}
