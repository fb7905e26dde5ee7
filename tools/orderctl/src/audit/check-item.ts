import { notificationIdFor } from '@orderflow/domain/ids';
import { NOTIFICATION_STATES, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { type StoredItem } from '@orderflow/domain/stored-item';
import { LONGEST_PAUSE_MS, MARKER_SKEW_MS } from '@orderflow/platform/work-item/outbox-table';
import { isLeased, leaseEndsAt } from '@orderflow/platform/work-item/lease';
import type { Endings, FindingKind } from './report.js';

export type ItemClass = 'terminal' | 'inProgress' | 'deadLettered' | 'lost';
export type Problem = { kind: FindingKind; text: string };
export type QueueName = 'orders' | 'notifications';

export type Verdict = {
  class: ItemClass;
  problems: Problem[];
  /** Holds unless the messages in the queue explain the overdue marker. */
  unlessQueued?: { queue: QueueName; problem: Problem };
  /** Of a finished order. */
  outcome?: 'notified' | 'underWay' | 'missing' | undefined;
  /** Of a finished order. */
  ending?: keyof Endings | undefined;
};

/** What an item is judged by, besides itself. */
export type Circumstances = {
  /** Epoch ms. */
  now: number;
  toleranceMs: number;
  /** A dead letter of it lies in its dead-letter queue. */
  deadLettered: boolean;
};

type OrderCircumstances = Circumstances & {
  /** The rule that delivers outcomes to the notification queue exists. */
  outcomesExpected: boolean;
  /** The notification of its present outcome exists. */
  notified: boolean;
  /** A dead letter of its outcome lies in the notifications' dead-letter queue. */
  outcomeDeadLettered: boolean;
};

type States = { processing: string; completed: string; failed: string };
type Judged = StoredItem & { status: string };

export function isFinished({ completed, failed }: States, { status }: { status: string }): boolean {
  return status === completed || status === failed;
}

/** How long the marker has been due, in ms, beyond what is tolerated; undefined for one that is not. */
function overdueMs({ outboxAt }: Judged, { now, toleranceMs }: Circumstances): number | undefined {
  return outboxAt !== undefined && outboxAt + toleranceMs < now ? now - outboxAt : undefined;
}

/** A marker is never set further ahead than the longest pause, or than the end of a lease. */
function aheadProblem(item: Judged, { now }: Circumstances): Problem[] {
  const { outboxAt = 0 } = item;
  const latest = Math.max(now + LONGEST_PAUSE_MS, item.leaseUntil > now ? leaseEndsAt(item) + 1 : 0);
  if (!(outboxAt > latest + MARKER_SKEW_MS)) return [];
  const text = `${item.status}, and its marker is due only in ${inSeconds(outboxAt - now)}: a clock was ahead; the sweeper makes it due`;
  return [{ kind: 'marker-ahead', text }];
}

const inSeconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

function effectsProblem({ effects, status }: Judged, expected: 0 | 1): Problem[] {
  if (effects === expected) return [];
  return [{ kind: 'effects', text: `${status}, and its outcome was applied ${effects} times instead of ${expected}` }];
}

/** An item that is not finished yet, of either table. */
function judgeUnfinished(item: Judged, states: States, queue: QueueName, around: Circumstances): Verdict {
  const problems = [...effectsProblem(item, 0), ...aheadProblem(item, around)];
  // Of an earlier life, should it have been started again: then its marker alone says how it is.
  if (around.deadLettered && item.lastReplayId === '') return { class: 'deadLettered', problems };
  if (item.outboxAt === undefined) {
    const text = `${item.status} without an outbox marker: nothing will bring it back`;
    return { class: 'lost', problems: [...problems, { kind: 'lost', text }] };
  }
  const lateMs = overdueMs(item, around);
  // Its length is not known here; nothing but the claim has written it, at `updatedAt`.
  const leaseMs = item.leaseUntil - Date.parse(item.updatedAt);
  const leased = item.status === states.processing && isLeased(item, around.now, leaseMs);
  if (lateMs === undefined || leased) return { class: 'inProgress', problems };
  const text = `${item.status}, its marker has been due for ${inSeconds(lateMs)}, and no message in the queue explains that`;
  return { class: 'inProgress', problems, unlessQueued: { queue, problem: { kind: 'overdue', text } } };
}

/** The id of the notification that a finished order's present outcome must have. */
export function outcomeNotificationId(order: OrderRecord): string | undefined {
  const outcome = orderOutcome(order);
  return outcome && notificationIdFor(outcome.detail.metadata.eventId);
}

/** What a finished order says of the warehouse. */
function endingOf({ status, failure }: OrderRecord): keyof Endings | undefined {
  if (status === ORDER_STATES.completed) return 'fulfilled';
  if (!failure) return undefined;
  if (failure.cancelled === true) return 'cancelled';
  if (failure.code === 'RETRIES_EXHAUSTED') return 'notCancelled';
  return failure.retriable ? 'untried' : 'refused';
}

export function judgeOrder(order: OrderRecord, around: OrderCircumstances): Verdict {
  if (!isFinished(ORDER_STATES, order)) return judgeUnfinished(order, ORDER_STATES, 'orders', around);

  const problems = [...effectsProblem(order, 1), ...aheadProblem(order, around)];
  if (!orderOutcome(order)) {
    problems.push({ kind: 'no-outcome', text: `${order.status} without a failure: nobody can be told of it` });
  }
  const ending = endingOf(order);
  if (ending === 'notCancelled') {
    const text = `${order.status} after its attempts without a confirmed cancel: the warehouse may have shipped it`;
    problems.push({ kind: 'not-cancelled', text });
  }
  const verdict: Verdict = { class: 'terminal', problems, ending };
  if (!around.outcomesExpected || !orderOutcome(order)) return verdict;

  const lateMs = overdueMs(order, around);
  if (around.notified) {
    if (lateMs === undefined) return { ...verdict, outcome: 'notified' };
    const text = `${order.status} and notified, but its marker is still there, due for ${inSeconds(lateMs)}`;
    const problem: Problem = { kind: 'marker-left', text };
    return { ...verdict, outcome: 'notified', unlessQueued: { queue: 'notifications', problem } };
  }
  if (around.outcomeDeadLettered) return { ...verdict, outcome: 'underWay' };
  if (order.outboxAt === undefined) {
    problems.push({
      kind: 'notification-missing',
      text: `${order.status}, but its outcome has no notification and no marker that would bring one`,
    });
    return { ...verdict, outcome: 'missing' };
  }
  if (lateMs === undefined) return { ...verdict, outcome: 'underWay' };
  const text = `${order.status}, but its outcome was not delivered: no notification, and its marker has been due for ${inSeconds(lateMs)}`;
  const problem: Problem = { kind: 'outcome-not-delivered', text };
  return { ...verdict, outcome: 'underWay', unlessQueued: { queue: 'notifications', problem } };
}

/** A notification with a cause must be the one of its order's outcome; of a replayed order also of an earlier life. */
function causeProblems(notification: NotificationRecord, order: OrderRecord): Problem[] {
  const { causationId, notificationId } = notification;
  if (causationId === undefined) return [];
  if (notificationId !== notificationIdFor(causationId)) {
    return [
      { kind: 'stray-notification', text: `its id does not follow from the event ${causationId} that caused it` },
    ];
  }
  if (notificationId === outcomeNotificationId(order) || order.lastReplayId !== '') return [];
  return [
    {
      kind: 'stray-notification',
      text: `caused by event ${causationId}, which is no outcome of its order (${order.status}, version ${order.version})`,
    },
  ];
}

export function judgeNotification(
  notification: NotificationRecord,
  order: OrderRecord | undefined,
  around: Circumstances,
): Verdict {
  const origin: Problem[] = order
    ? causeProblems(notification, order)
    : [{ kind: 'from-nowhere', text: `its order ${notification.orderId} does not exist` }];
  if (!isFinished(NOTIFICATION_STATES, notification)) {
    const verdict = judgeUnfinished(notification, NOTIFICATION_STATES, 'notifications', around);
    return { ...verdict, problems: [...origin, ...verdict.problems] };
  }
  const problems = [...origin, ...effectsProblem(notification, 1)];
  const lateMs = overdueMs(notification, around);
  if (lateMs === undefined) return { class: 'terminal', problems };
  const text = `${notification.status}, but its marker is still there, due for ${inSeconds(lateMs)}`;
  return { class: 'terminal', problems: [...problems, { kind: 'marker-left', text }] };
}
