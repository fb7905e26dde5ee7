import { ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { queueNames, resourceNames, type ResourceNames } from '@orderflow/contracts';
import { NOTIFICATION_KEY, notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import {
  ORDER_KEY,
  ordersTable,
  OUTCOME_CONSUMERS,
  type OutcomeConsumers,
} from '@orderflow/domain/orders/orders-table';
import { type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import type { AwsClients, EventBridge } from '@orderflow/platform/aws/clients';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import { OVERDUE_AFTER_MS } from '@orderflow/platform/health/checks';
import { createTableReader, type TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { countQueue, depthOf } from '@orderflow/platform/aws/queue-counts';
import { createBacklog } from './backlog.js';
import { findDeadLettered } from './dead-lettered.js';
import type { Verdict } from './check-item.js';
import { createItemChecks } from './check-page.js';
import { lastSeenOf } from './last-seen.js';
import { createRecheck, type Suspect } from './recheck.js';
import type { AuditFinding, AuditReport } from './report.js';
import { scanTable } from '../scan-table.js';
import { createTally } from './tally.js';

export type AuditDependencies = {
  aws: Pick<AwsClients, 'dynamo' | 'sqs' | 'polling' | 'eventBridge'>;
  now: () => number;
  /** Monotonic ms, for durations. */
  elapsedMs?: () => number;
  pause: (ms: number) => Promise<unknown>;
};

export type AuditOptions = {
  stage: string;
  /** How long a marker may be due before the audit asks for a reason. */
  toleranceMs: number;
  /** A suspect item is checked again after this time. */
  recheckMs: number;
  /** Findings that the report keeps. All are counted. */
  keep: number;
  /** Those that the outcome of an order waits for. */
  consumers?: OutcomeConsumers;
  onFinding?: (finding: AuditFinding) => void;
  onProgress?: (progress: { table: string; read: number; findings: number }) => void;
};

export const AUDIT_DEFAULTS = { toleranceMs: OVERDUE_AFTER_MS, recheckMs: 1_000, keep: 10_000 } as const;

type Kind = Suspect['item'];
type Item = OrderRecord | NotificationRecord;

/** The attributes that are checked. An order's items and all timelines, which are most of the data, are not read. */
const CHECKED = [
  ...['status', 'version', 'effects', 'updatedAt', 'leaseUntil', 'lastReplayId', 'failure', 'correlationId'],
  ...['outboxAt', 'awaiting', ORDER_KEY],
];
const ATTRIBUTES: Record<Kind, string[]> = {
  order: [...CHECKED, 'customerId', 'totalAmount'],
  notification: [...CHECKED, NOTIFICATION_KEY, 'causationId'],
};

function idOf(kind: Kind, item: Item): string {
  return kind === 'order' ? item.orderId : (item as NotificationRecord).notificationId;
}

/** The rule that delivers outcomes is optional. */
async function deliversOutcomes(eventBridge: EventBridge, names: ResourceNames): Promise<boolean> {
  try {
    const { Targets: targets = [] } = await eventBridge.send(
      new ListTargetsByRuleCommand({ EventBusName: names.bus, Rule: names.orderOutcomesRule }),
    );
    return targets.length > 0;
  } catch (error) {
    if (isTopologyMissing(error)) return false;
    throw error;
  }
}

/**
 * Reconciles the tables with each other and with the queues. Work queues are only counted; dead-letter queues are
 * peeked. A suspect item is checked twice, because the system keeps running.
 */
export async function audit(dependencies: AuditDependencies, options: AuditOptions): Promise<AuditReport> {
  const { aws, now, pause, elapsedMs = createMonotonicClock().startStopwatch() } = dependencies;
  const { stage, toleranceMs, recheckMs, keep, onFinding, onProgress, consumers = OUTCOME_CONSUMERS } = options;
  const startedAt = now();
  const beganAtMs = elapsedMs();
  const names = resourceNames(stage);
  const urlOf = createQueueUrls(aws.sqs);
  const countsOf = async (queue: string) => countQueue(aws.sqs, await urlOf(queue));
  const queues = Object.fromEntries(
    await Promise.all(queueNames(names).map(async (queue) => [queue, await countsOf(queue)] as const)),
  );
  const readers: Record<Kind, TableReader> = {
    order: createTableReader(aws.dynamo, ordersTable(names)),
    notification: createTableReader(aws.dynamo, notificationsTable(names)),
  };
  const deadLettered = await findDeadLettered({ ...aws, elapsedMs }, names, urlOf);
  const outcomesExpected = await deliversOutcomes(aws.eventBridge, names);
  const checks = createItemChecks({
    orders: readers.order,
    notifications: readers.notification,
    ...{ deadLettered, consumers, outcomesExpected, toleranceMs, now },
  });
  const backlog = createBacklog({
    ...{ dynamo: aws.dynamo, names, orders: readers.order, consumers, now, elapsedMs, toleranceMs },
    depthOf: async (queue) => depthOf(await countsOf(names[queue])),
  });
  const tally = createTally(keep, onFinding ?? (() => undefined));

  const check = (kind: Kind, items: readonly Item[]): Promise<Verdict[]> =>
    kind === 'order' ? checks.order(items as OrderRecord[]) : checks.notification(items as NotificationRecord[]);

  function settle(kind: Kind, item: Item, verdict: Verdict, queueExplains: boolean): void {
    const unexplained = queueExplains ? undefined : verdict.unlessQueued?.problem;
    const unfinished = verdict.class === 'inProgress';
    const undelivered = unexplained?.kind === 'outcome-not-delivered';
    tally.count(kind, item, {
      class: unexplained && unfinished ? 'lost' : verdict.class,
      outcome: undelivered ? 'missing' : verdict.outcome,
      ending: verdict.ending,
    });
    for (const { kind: what, text } of [...verdict.problems, ...(unexplained ? [unexplained] : [])]) {
      const lastSeen = lastSeenOf(item);
      tally.found({ kind: what, item: kind, id: idOf(kind, item), orderId: item.orderId, problem: text, lastSeen });
    }
  }

  /** Settles the items without problems, and returns the others as suspects. */
  async function look(kind: Kind, items: Item[]): Promise<Suspect[]> {
    const suspects: Suspect[] = [];
    for (const [index, verdict] of (await check(kind, items)).entries()) {
      const item = items[index];
      if (!item) continue;
      const { problems, unlessQueued } = verdict;
      const explained = unlessQueued === undefined || (await backlog.explains(unlessQueued.queue));
      if (explained && problems.length === 0) settle(kind, item, verdict, true);
      else suspects.push({ item: kind, id: idOf(kind, item), seenAt: elapsedMs() });
    }
    return suspects;
  }

  async function lookAgain(suspects: readonly Suspect[]): Promise<void> {
    await deadLettered.refresh();
    for (const kind of ['order', 'notification'] as const) {
      const mine = suspects.filter(({ item }) => item === kind);
      const items = (await readers[kind].getMany(mine.map(({ id }) => id))) as Item[];
      const firstSeenAt = Math.min(...mine.map(({ seenAt }) => seenAt));
      for (const [index, verdict] of (await check(kind, items)).entries()) {
        const item = items[index];
        if (!item) continue;
        const queue = verdict.unlessQueued?.queue;
        settle(kind, item, verdict, queue !== undefined && (await backlog.explains(queue, firstSeenAt + 1)));
      }
    }
  }

  const recheck = createRecheck({ pauseMs: recheckMs, elapsedMs, pause, recheck: lookAgain });
  for (const kind of ['order', 'notification'] as const) {
    const table = kind === 'order' ? names.ordersTable : names.notificationsTable;
    let read = 0;
    for await (const page of scanTable(aws.dynamo, table, ATTRIBUTES[kind])) {
      await recheck.add(await look(kind, page as Item[]));
      read += page.length;
      onProgress?.({ table, read, findings: tally.result().findingCount });
    }
  }
  await recheck.drain();

  const { outcomes, ...totals } = tally.result();
  return {
    stage,
    startedAt: new Date(startedAt).toISOString(),
    tookMs: Math.round(elapsedMs() - beganAtMs),
    ...totals,
    outcomes: { expected: outcomesExpected, ...outcomes },
    queues,
  };
}
