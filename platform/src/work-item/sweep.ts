import { isTopologyMissing, isUnavailable } from '../aws/error-kind.js';
import { depthOf, type QueueCounts } from '../aws/queues.js';
import { NotDescribedError } from '../health/checks.js';
import { toError } from '../runtime/errors.js';
import { leaseEndsAt } from './lease.js';
import { createTableReader } from '../dynamodb/table-reader.js';
import { missingConsumers } from './confirm.js';
import { confirm, moveMarker } from './transitions.js';
import { createVisits } from './visits.js';
import { giveUp } from './give-up.js';
import { nextActionFor, SWEPT_ATTRIBUTES } from './next-action.js';
import { createOutboxIndex } from './outbox-index.js';
import { isFinished, type DueItem } from './work-item.js';
import {
  emptyReport,
  MARKER_SKEW_MS,
  type SweptTable,
  type Subscription,
  type SweeperDependencies,
  type SweeperOptions,
  type SweepReport,
} from './swept-table.js';
import { createRepublish } from './republish.js';

export type Sweeper = ReturnType<typeof createSweeper>;

/** Clocks are rarely set back: only every twelfth sweep, starting with the first, looks for markers that are far ahead. */
const LOOK_AHEAD_EVERY = 12;

/**
 * Republishes lost events. An item keeps its marker from its insert until its outcome is written, or until the last
 * consumer has confirmed the outcome. Whatever happens to its messages meanwhile, the sweeper returns to the item.
 */
export function createSweeper(swept: SweptTable, options: SweeperOptions, dependencies: SweeperDependencies) {
  const { dynamo, executor, publisher, logger, now, metrics } = dependencies;
  const { table } = swept;
  const { name, key } = table;
  const reader = createTableReader(dynamo, table);
  const markers = createOutboxIndex(dynamo, table);
  const { visitAll, problem } = createVisits(table, options, { ...dependencies, reader });
  const republish = createRepublish({ table, reader }, options, dependencies);
  /** No correct clock sets a marker further ahead. */
  const horizonMs = Math.max(options.backoffMaxMs, options.backoffBaseMs, options.leaseMs) + MARKER_SKEW_MS;
  const store = { executor, table, now, leaseMs: options.leaseMs, markerDelayMs: options.backoffBaseMs };
  const consumers = table.confirmedBy.map((consumer) => {
    const subscription = swept.consumers[consumer];
    if (!subscription) throw new Error(`no subscription delivers the outcomes of ${name} to ${consumer}`);
    return { consumer, subscription };
  });
  let sweeps = 0;

  const idOf = (item: DueItem): string => String(item[key]);

  const readItems = (ids: string[]) => reader.getMany(ids, SWEPT_ATTRIBUTES) as Promise<DueItem[]>;

  async function visit(item: DueItem, queue: QueueCounts, isCovered: boolean, report: SweepReport): Promise<void> {
    const sweptAt = now();
    const missing = isFinished(table, item) ? missingConsumers(table, item) : [];
    // An outcome is never given up: a consumer still needs it.
    const maxAttempts = isFinished(table, item) ? Infinity : options.maxAttempts;
    const action = nextActionFor(item, { ...options, table, now: sweptAt, queue, isCovered, maxAttempts });
    switch (action) {
      case 'leased':
        await executor.execute(moveMarker(table, idOf(item), item.outboxAt, leaseEndsAt(item) + 1));
        report.leased += 1;
        return;
      case 'wait':
        report.waiting += 1;
        return;
      case 'republish':
      case 'count':
        if (!(await republish(item, { sweptAt, counts: action === 'count' }))) return;
        report.republished += 1;
        report.awaiting = [...new Set([...report.awaiting, ...missing])];
        metrics?.count('republished', name);
        return;
      case 'give up': {
        const failed = await giveUp(store, reader, item);
        if (!failed) return;
        report.givenUp += 1;
        metrics?.count('givenUp', name);
        swept.onGivenUp?.(failed);
        const event = table.confirmedBy.length > 0 && table.outcomeEventOf(failed);
        if (event) await publisher.publish(event);
      }
    }
  }

  /** Whether the subscription delivers nothing; false if this process may not ask. @throws an outage */
  async function isBlocked({ check }: Subscription, report: SweepReport): Promise<boolean> {
    try {
      await check();
      return false;
    } catch (error) {
      if (isUnavailable(error) && !isTopologyMissing(error)) throw error;
      if (error instanceof NotDescribedError) return false;
      report.blockedBy.push(toError(error).message);
      return true;
    }
  }

  /** Visits the items whose messages this queue should hold. */
  async function visitQueue(items: DueItem[], queue: QueueCounts, report: SweepReport): Promise<void> {
    items.sort((a, b) => a.outboxAt - b.outboxAt);
    // A queue does not say whose messages it holds. The items that have waited longest have most likely lost theirs.
    const uncovered = Math.max(0, items.length - depthOf(queue));
    await visitAll(items, report, (item, index) => visit(item, queue, index >= uncovered, report));
  }

  /**
   * An outcome counts on the emptiest queue of those consumers that have not confirmed it and that its event can reach. A
   * message for each of them has gone out, so that queue is the first to show a loss.
   */
  async function sweepOutcomes(items: DueItem[], queues: readonly QueueCounts[], report: SweepReport): Promise<void> {
    const missing = new Map(items.map((item) => [item, missingConsumers(table, item)]));
    const isMissing = (consumer: string): boolean => [...missing.values()].some((names) => names.includes(consumer));
    const reachable: { consumer: string; queue: QueueCounts; items: DueItem[] }[] = [];
    for (const [index, { consumer, subscription }] of consumers.entries()) {
      const queue = queues[index];
      if (queue && isMissing(consumer) && !(await isBlocked(subscription, report))) {
        reachable.push({ consumer, queue, items: [] });
      }
    }
    reachable.sort((one, other) => depthOf(one.queue) - depthOf(other.queue));
    for (const [item, names] of missing) {
      const emptiest = reachable.find(({ consumer }) => names.includes(consumer));
      if (emptiest) emptiest.items.push(item);
      else if (names.length > 0) report.blocked += 1;
    }
    for (const { queue, items: waiting } of reachable) await visitQueue(waiting, queue, report);
    await visitAll(
      items.filter((item) => missing.get(item)?.length === 0),
      report,
      letGo,
    );
  }

  /** Removes the marker of an outcome that waits for no confirmation, for example after the configuration changed. */
  async function letGo(item: DueItem): Promise<void> {
    const seen = { version: item.version, seen: item.awaiting, left: [], now: now() };
    const result = await executor.execute(confirm(table, idOf(item), seen));
    if (!result.applied && result.item?.version === item.version) {
      throw new Error('the marker of a finished item cannot be removed');
    }
  }

  /** Makes markers due that a clock which was ahead has set too far ahead. */
  async function fetchBack(report: SweepReport, sweptAt: number): Promise<void> {
    for (const item of await readItems(await markers.beyond(sweptAt + horizonMs))) {
      const { outboxAt } = item;
      if (!(outboxAt > sweptAt + horizonMs)) continue;
      const { applied } = await executor.execute(moveMarker(table, idOf(item), outboxAt, sweptAt));
      if (!applied) continue;
      report.ahead += 1;
      metrics?.count('ahead', name);
      const dueAt = new Date(outboxAt).toISOString();
      logger.warn('an outbox marker was too far ahead, is a clock wrong?', { table: name, id: idOf(item), dueAt });
    }
  }

  /** Visits the items of the table whose markers are due, once. @throws the first outage */
  async function sweep(): Promise<SweepReport> {
    const report = emptyReport();
    const sweptAt = now();
    if (sweeps++ % LOOK_AHEAD_EVERY === 0) await fetchBack(report, sweptAt);
    const due = await markers.due(sweptAt);
    report.due = due.length;
    if (due.length === 0) {
      metrics?.swept(name, [], sweptAt);
      metrics?.blocked(name, 0);
      return report;
    }
    // Count before reading the items: a queue that is drained in between would seem to explain fewer items.
    const [queue, ...queues] = await Promise.all([
      swept.work.countQueue(),
      ...consumers.map(({ subscription }) => subscription.countQueue()),
    ]);
    // The index lags: an item may have lost its marker since, or moved it.
    const items = (await readItems(due)).filter(({ outboxAt }) => outboxAt <= sweptAt);
    metrics?.swept(name, items, sweptAt);
    const outcomes = items.filter((item) => isFinished(table, item));
    await sweepOutcomes(outcomes, queues, report);
    const unfinished = items.filter((item) => !isFinished(table, item));
    if (unfinished.length > 0 && (await isBlocked(swept.work, report))) report.blocked += unfinished.length;
    else await visitQueue(unfinished, queue, report);
    metrics?.blocked(name, report.blocked);
    return report;
  }

  return { sweep, problem };
}
