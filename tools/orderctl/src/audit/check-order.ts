import { notificationIdFor } from '@orderflow/domain/ids';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { isPseudonym } from '@orderflow/domain/orders/erased-order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { NOTIFIER, type OutcomeConsumers } from '@orderflow/domain/orders/orders-table';
import { missingConsumers } from '@orderflow/platform/work-item/confirm';
import { isFinished } from '@orderflow/platform/work-item/work-item';
import {
  aheadProblem,
  checkUnfinished,
  effectsProblem,
  inSeconds,
  isExpiring,
  overdueMs,
  problem,
  type Circumstances,
  type Verdict,
} from './check-item.js';
import type { Endings } from './tally.js';

type OrderCircumstances = Circumstances & {
  /** Those whose rule exists. */
  consumers: OutcomeConsumers;
  /** The notification of its current outcome exists. */
  notified: boolean;
  /** Consumers whose dead-letter queue contains its outcome's event. */
  deadLetteredFor: readonly string[];
};

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
  // An erased order is never retriable.
  return failure.retriable || failure.code === 'UNDELIVERED' ? 'untried' : 'refused';
}

export function checkOrder(order: OrderRecord, around: OrderCircumstances): Verdict {
  if (!isFinished({ states: ORDER_STATES }, order)) return checkUnfinished(order, ORDER_STATES, 'orderQueue', around);

  const { status, outboxAt } = order;
  const problems = [...effectsProblem(order, 1), ...aheadProblem(order, around)];
  if (!orderOutcome(order))
    problems.push(problem('no-outcome', `${status} without a failure: its event cannot be built`));
  const ending = endingOf(order);
  if (ending === 'notCancelled') {
    const text = `${status} after its attempts without a confirmed cancel: the warehouse may have shipped it`;
    problems.push(problem('not-cancelled', text));
  }
  const verdict: Verdict = { class: 'terminal', problems, ending };
  if (order.erasedOn !== undefined) {
    const text = 'its erasure was interrupted: run npm run ops -- erase again for its customer';
    if (!isPseudonym(order.customerId)) problems.push(problem('not-erased', text));
    return { ...verdict, outcome: 'erased' };
  }
  const { consumers, deadLetteredFor } = around;
  // Without a list, only NOTIFIER is awaited, which is known by its notification.
  const listed = { confirmedBy: Object.keys(consumers), firstConsumer: NOTIFIER };
  const unconfirmed = order.awaiting === undefined ? [] : missingConsumers(listed, order);
  const notExpected = !(NOTIFIER in consumers) && unconfirmed.length === 0;
  if (notExpected || !orderOutcome(order)) return verdict;

  const isNotified = around.notified || !(NOTIFIER in consumers);
  const lacksNotification = !isNotified && !deadLetteredFor.includes(NOTIFIER);
  const missing = unconfirmed.filter((consumer) => !deadLetteredFor.includes(consumer));
  const lateMs = overdueMs(order, around);
  const late = inSeconds(lateMs ?? 0);
  if (!lacksNotification && missing.length === 0) {
    // A dead letter waits for an operator.
    if (!isNotified || unconfirmed.length > 0) return { ...verdict, outcome: 'underWay' };
    if (lateMs === undefined) return { ...verdict, outcome: 'notified' };
    const left = problem('marker-left', `${status} and notified, but its marker is still there, due for ${late}`);
    return { ...verdict, outcome: 'notified', unlessQueued: { queue: 'notificationQueue', problem: left } };
  }
  const notConfirmed = `${missing.join(' and ')} did not confirm its outcome`;
  const expiresAtMs = order.expiresAt === undefined ? undefined : order.expiresAt * 1_000;
  if (outboxAt === undefined && missing.length === 0 && isExpiring(expiresAtMs, around)) {
    return { ...verdict, outcome: 'expired' };
  }
  if (outboxAt === undefined) {
    const text = `${status}, but its outcome has no notification and no marker that would bring one`;
    if (missing.length > 0)
      problems.push(
        problem('confirmation-missing', `${status}, but ${notConfirmed}, and no marker would bring it again`),
      );
    if (lacksNotification) problems.push(problem('notification-missing', text));
    return { ...verdict, outcome: 'missing' };
  }
  if (lateMs === undefined) return { ...verdict, outcome: 'underWay' };
  const why = lacksNotification ? 'its outcome was not delivered: no notification, and' : `${notConfirmed}:`;
  const text = `${status}, but ${why} its marker has been due for ${late}`;
  const queue = consumers[lacksNotification ? NOTIFIER : (missing[0] ?? '')]?.queue ?? 'notificationQueue';
  return { ...verdict, outcome: 'underWay', unlessQueued: { queue, problem: problem('outcome-not-delivered', text) } };
}
