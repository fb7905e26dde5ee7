import { notificationIdFor } from '@orderflow/domain/ids';
import { NOTIFICATION_STATES, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import type { OutcomeConsumers } from '@orderflow/domain/orders/orders-table';
import type { ResourceNames } from '@orderflow/contracts';
import { type WorkItemRecord } from '@orderflow/domain/work-item-record';
import { LONGEST_PAUSE_MS, MARKER_SKEW_MS } from '@orderflow/platform/work-item/swept-table';
import { missingConsumers } from '@orderflow/platform/work-item/confirm';
import { isLeased, leaseEndsAt } from '@orderflow/platform/work-item/lease';
import { isFinished, type WorkItemTable } from '@orderflow/platform/work-item/work-item';
import type { Endings } from './tally.js';

type FindingKind =
  /** Not finished, without marker and dead letter: it will never be processed. */
  | 'lost'
  /** Its marker is long overdue, and neither a lease nor a queued message explains why. */
  | 'overdue'
  /** A finished order whose notification, or another consumer's confirmation, is missing, and whose marker is long overdue. */
  | 'outcome-not-delivered'
  /** A finished order without marker and without notification. */
  | 'notification-missing'
  /** A finished order without marker that a consumer has not confirmed. */
  | 'confirmation-missing'
  /** Its marker is later than any pause or lease: a clock was fast when it was written. */
  | 'marker-ahead'
  /** A row that lacks required attributes. */
  | 'unreadable'
  /** A finished item that still has its marker. */
  | 'marker-left'
  /** Its outcome was applied twice, never, or too early. */
  | 'effects'
  /** FAILED without a failure, so that its event cannot be built. */
  | 'no-outcome'
  /** FAILED after attempts without a confirmed cancel: the warehouse may have shipped it. */
  | 'not-cancelled'
  /** A notification of an event that is not an outcome of its order. */
  | 'stray-notification'
  /** A notification whose order does not exist. */
  | 'from-nowhere';

type ItemClass = 'terminal' | 'inProgress' | 'deadLettered' | 'lost';
export type Problem = { kind: FindingKind; text: string };
/** A queue, by its key in `ResourceNames`. */
export type QueueName = keyof ResourceNames;

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

type Circumstances = {
  /** Epoch ms. */
  now: number;
  toleranceMs: number;
  /** Its dead-letter queue contains its message. */
  deadLettered: boolean;
};

type OrderCircumstances = Circumstances & {
  consumers: OutcomeConsumers;
  /** The rule that delivers outcomes to the notification queue exists. */
  outcomesExpected: boolean;
  /** The notification of its current outcome exists. */
  notified: boolean;
  /** The notifications' dead-letter queue contains its outcome event. */
  outcomeDeadLettered: boolean;
};

type Checked = WorkItemRecord & { status: string };

/** For how many ms the marker has been due; undefined within the tolerance. */
function overdueMs({ outboxAt }: Checked, { now, toleranceMs }: Circumstances): number | undefined {
  return outboxAt !== undefined && outboxAt + toleranceMs < now ? now - outboxAt : undefined;
}

/** A marker is never later than the longest pause or the end of a lease. */
function aheadProblem(item: Checked, { now }: Circumstances): Problem[] {
  const { outboxAt = 0 } = item;
  const latest = Math.max(now + LONGEST_PAUSE_MS, item.leaseUntil > now ? leaseEndsAt(item) + 1 : 0);
  if (!(outboxAt > latest + MARKER_SKEW_MS)) return [];
  const text = `${item.status}, and its marker is due only in ${inSeconds(outboxAt - now)}: a clock was ahead; the sweeper makes it due`;
  return [problem('marker-ahead', text)];
}

const problem = (kind: FindingKind, text: string): Problem => ({ kind, text });
const inSeconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

function effectsProblem({ effects, status }: Checked, expected: 0 | 1): Problem[] {
  if (effects === expected) return [];
  return [problem('effects', `${status}, and its outcome was applied ${effects} times instead of ${expected}`)];
}

function checkUnfinished(
  item: Checked,
  states: WorkItemTable['states'],
  queue: QueueName,
  around: Circumstances,
): Verdict {
  const problems = [...effectsProblem(item, 0), ...aheadProblem(item, around)];
  // After a replay, the dead letter is from an earlier life and does not count.
  if (around.deadLettered && item.lastReplayId === '') return { class: 'deadLettered', problems };
  if (item.outboxAt === undefined) {
    const lost = problem('lost', `${item.status} without an outbox marker: nothing will bring it back`);
    return { class: 'lost', problems: [...problems, lost] };
  }
  const lateMs = overdueMs(item, around);
  // The configured lease is unknown here. The claim wrote both attributes, so the difference is the lease.
  const leaseMs = item.leaseUntil - Date.parse(item.updatedAt);
  const leased = item.status === states.processing && isLeased(item, around.now, leaseMs);
  if (lateMs === undefined || leased) return { class: 'inProgress', problems };
  const text = `${item.status}, its marker has been due for ${inSeconds(lateMs)}, and no message in the queue explains that`;
  return { class: 'inProgress', problems, unlessQueued: { queue, problem: problem('overdue', text) } };
}

/** The id that the notification of the order's current outcome must have. */
export function outcomeNotificationId(order: OrderRecord): string | undefined {
  const outcome = orderOutcome(order);
  return outcome && notificationIdFor(outcome.detail.metadata.eventId);
}

/** How the work of a finished order ended at the warehouse, according to the order. */
function endingOf({ status, failure }: OrderRecord): keyof Endings | undefined {
  if (status === ORDER_STATES.completed) return 'fulfilled';
  if (!failure) return undefined;
  if (failure.cancelled === true) return 'cancelled';
  if (failure.code === 'RETRIES_EXHAUSTED') return 'notCancelled';
  return failure.retriable ? 'untried' : 'refused';
}

export function checkOrder(order: OrderRecord, around: OrderCircumstances): Verdict {
  if (!isFinished({ states: ORDER_STATES }, order)) return checkUnfinished(order, ORDER_STATES, 'orderQueue', around);

  const { status, outboxAt } = order;
  const problems = [...effectsProblem(order, 1), ...aheadProblem(order, around)];
  if (!orderOutcome(order))
    problems.push(problem('no-outcome', `${status} without a failure: nobody can be told of it`));
  const ending = endingOf(order);
  if (ending === 'notCancelled') {
    const text = `${status} after its attempts without a confirmed cancel: the warehouse may have shipped it`;
    problems.push(problem('not-cancelled', text));
  }
  // Without a list, only the first consumer is awaited, which is known by its notification.
  const confirmedBy = Object.keys(around.consumers);
  const missing = order.awaiting === undefined ? [] : missingConsumers({ confirmedBy }, order);
  const unconfirmed = `${missing.join(' and ')} did not confirm its outcome`;
  if (missing.length > 0 && outboxAt === undefined) {
    const text = `${status}, but ${unconfirmed}, and no marker would bring it again`;
    problems.push(problem('confirmation-missing', text));
  }
  const verdict: Verdict = { class: 'terminal', problems, ending };
  const { notified, outcomesExpected, outcomeDeadLettered, consumers } = around;
  if (!outcomesExpected || !orderOutcome(order)) return verdict;

  const lateMs = overdueMs(order, around);
  const late = inSeconds(lateMs ?? 0);
  if (notified && missing.length === 0) {
    if (lateMs === undefined) return { ...verdict, outcome: 'notified' };
    const left = problem('marker-left', `${status} and notified, but its marker is still there, due for ${late}`);
    return { ...verdict, outcome: 'notified', unlessQueued: { queue: 'notificationQueue', problem: left } };
  }
  if (!notified && outcomeDeadLettered) return { ...verdict, outcome: 'underWay' };
  if (outboxAt === undefined) {
    const text = `${status}, but its outcome has no notification and no marker that would bring one`;
    if (!notified) problems.push(problem('notification-missing', text));
    return { ...verdict, outcome: 'missing' };
  }
  if (lateMs === undefined) return { ...verdict, outcome: 'underWay' };
  const why = notified ? `${unconfirmed}:` : 'its outcome was not delivered: no notification, and';
  const text = `${status}, but ${why} its marker has been due for ${late}`;
  const consumer = notified ? consumers[missing[0] ?? ''] : undefined;
  const queue = consumer?.queue ?? 'notificationQueue';
  return { ...verdict, outcome: 'underWay', unlessQueued: { queue, problem: problem('outcome-not-delivered', text) } };
}

/** A caused notification must belong to its order's outcome. If the order was replayed, an earlier outcome counts too. */
function causeProblems(notification: NotificationRecord, order: OrderRecord): Problem[] {
  const { causationId, notificationId } = notification;
  if (causationId === undefined) return [];
  if (notificationId !== notificationIdFor(causationId)) {
    return [problem('stray-notification', `its id does not follow from the event ${causationId} that caused it`)];
  }
  if (notificationId === outcomeNotificationId(order) || order.lastReplayId !== '') return [];
  const about = `${order.status}, version ${order.version}`;
  const text = `caused by event ${causationId}, which is no outcome of its order (${about})`;
  return [problem('stray-notification', text)];
}

export function checkNotification(
  notification: NotificationRecord,
  order: OrderRecord | undefined,
  around: Circumstances,
): Verdict {
  const origin: Problem[] = order
    ? causeProblems(notification, order)
    : [problem('from-nowhere', `its order ${notification.orderId} does not exist`)];
  if (!isFinished({ states: NOTIFICATION_STATES }, notification)) {
    const verdict = checkUnfinished(notification, NOTIFICATION_STATES, 'notificationQueue', around);
    return { ...verdict, problems: [...origin, ...verdict.problems] };
  }
  const problems = [...origin, ...effectsProblem(notification, 1)];
  const lateMs = overdueMs(notification, around);
  if (lateMs === undefined) return { class: 'terminal', problems };
  const text = `${notification.status}, but its marker is still there, due for ${inSeconds(lateMs)}`;
  return { class: 'terminal', problems: [...problems, problem('marker-left', text)] };
}
