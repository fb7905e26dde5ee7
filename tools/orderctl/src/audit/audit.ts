import { ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { resourceNames, type ResourceNames } from '@orderflow/contracts';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import type { AwsClients, EventBridge } from '@orderflow/platform/aws/clients';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import { createTableReader, type TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { countQueue, depthOf } from '@orderflow/platform/aws/queue-counts';
import { createBacklog } from './backlog.js';
import { findDeadLettered } from './dead-lettered.js';
import type { Verdict } from './judge.js';
import { createJudges } from './judges.js';
import { lastSeenOf } from './last-seen.js';
import { createRecheck, type Suspect } from './recheck.js';
import type { AuditFinding, AuditReport } from './report.js';
import { scanTable } from '../scan-table.js';
import { createTally } from './tally.js';

export type AuditDependencies = {
  aws: Pick<AwsClients, 'dynamo' | 'sqs' | 'polling' | 'eventBridge'>;
  now: () => number;
  /** Ms since any moment, for durations: never goes back. */
  elapsedMs?: () => number;
  pause: (ms: number) => Promise<unknown>;
};

export type AuditOptions = {
  stage: string;
  /** How long a marker may have been due before something must explain it. */
  toleranceMs: number;
  /** How long after the first look an item that looks wrong is looked at again. */
  recheckMs: number;
  /** Findings that the report keeps; all of them are counted. */
  keep: number;
  onFinding?: (finding: AuditFinding) => void;
  onProgress?: (progress: { table: string; read: number; findings: number }) => void;
};

export const AUDIT_DEFAULTS = { toleranceMs: 15_000, recheckMs: 1_000, keep: 10_000 } as const;

type Kind = Suspect['item'];
type Item = OrderRecord | NotificationRecord;

/** What both kinds are judged by; orders without their items, and neither with its timeline, which are the bulk of it. */
const JUDGED_BY = [
  ...['status', 'version', 'effects', 'updatedAt', 'leaseUntil', 'lastReplayId', 'failure', 'correlationId'],
  ...['outboxAt', 'orderId'],
];
const ATTRIBUTES: Record<Kind, string[]> = {
  order: [...JUDGED_BY, 'customerId', 'totalAmount'],
  notification: [...JUDGED_BY, 'notificationId', 'causationId'],
};

function idOf(kind: Kind, item: Item): string {
  return kind === 'order' ? item.orderId : (item as NotificationRecord).notificationId;
}

/** A stack can leave the rule out that has customers told of outcomes. */
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
 * Reconciles the tables with each other and with the queues. Live queues are counted, never received from; dead-letter
 * queues are peeked. What looks wrong is looked at again before it counts, because a running system moves meanwhile.
 */
export async function audit(dependencies: AuditDependencies, options: AuditOptions): Promise<AuditReport> {
  const { aws, now, pause, elapsedMs = createMonotonicClock().startStopwatch() } = dependencies;
  const { stage, toleranceMs, recheckMs, keep, onFinding, onProgress } = options;
  const startedAt = now();
  const beganAtMs = elapsedMs();
  const names = resourceNames(stage);
  const urlOf = createQueueUrls(aws.sqs);
  const countsOf = async (queue: string) => countQueue(aws.sqs, await urlOf(queue));
  const watched = [
    ...[names.orderQueue, names.orderDeadLetterQueue, names.notificationQueue],
    ...[names.notificationDeadLetterQueue, names.undeliveredQueue],
  ];
  const queues = Object.fromEntries(
    await Promise.all(watched.map(async (queue) => [queue, await countsOf(queue)] as const)),
  );
  const readers: Record<Kind, TableReader> = {
    order: createTableReader(aws.dynamo, ordersTable(names)),
    notification: createTableReader(aws.dynamo, notificationsTable(names)),
  };
  const deadLettered = await findDeadLettered({ ...aws, elapsedMs }, names, urlOf);
  const outcomesExpected = await deliversOutcomes(aws.eventBridge, names);
  const judges = createJudges({
    orders: readers.order,
    notifications: readers.notification,
    ...{ deadLettered, outcomesExpected, toleranceMs, now },
  });
  const backlog = createBacklog({
    ...{ dynamo: aws.dynamo, names, orders: readers.order, now, elapsedMs, toleranceMs },
    depthOf: async (queue) => depthOf(await countsOf(queue === 'orders' ? names.orderQueue : names.notificationQueue)),
  });
  const tally = createTally(keep, onFinding ?? (() => undefined));

  const judge = (kind: Kind, items: readonly Item[]): Promise<Verdict[]> =>
    kind === 'order' ? judges.order(items as OrderRecord[]) : judges.notification(items as NotificationRecord[]);

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

  /** Settles what is well at first sight, and leaves the rest for a second look. */
  async function look(kind: Kind, items: Item[]): Promise<Suspect[]> {
    const suspects: Suspect[] = [];
    for (const [index, verdict] of (await judge(kind, items)).entries()) {
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
      for (const [index, verdict] of (await judge(kind, items)).entries()) {
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
