import {
  NotificationRequestedEvent,
  OrderCompletedEvent,
  OrderCreatedEvent,
  OrderFailedEvent,
  TIMELINE_STEPS,
  TRACEPARENT,
  type Timeline,
  type TimelineStep,
  type TimelineStepName,
} from '@orderflow/contracts';
import { eventIdFor } from '../ids.js';
import { NOTIFICATION_STATES } from '../notifications/notification.js';
import { notificationSent } from '../notifications/notification-events.js';
import { ORDER_STATES } from '../orders/order.js';
import { orderOutcome } from '../orders/order-events.js';
import type { FollowedNotification, FollowedOrder } from '../readable-item.js';
import { deadLetterOf, whyNotRestartable } from '../restart.js';
import type { WorkItemRecord, TimelineEntry } from '../work-item-record.js';

type Undated = Omit<TimelineStep, 'sinceMs'>;

/** With what tells steps of one moment apart, and when it was by the latest clock so far. */
type Placed = { step: Undated; version: number; atMs: number };

/** What the steps of one item have in common, and how its states and events are called. */
type Subject = {
  item: Pick<WorkItemRecord, 'timeline'>;
  base: Pick<TimelineStep, 'subject' | 'notificationId' | 'correlationId' | 'traceId'>;
  statusOf: Partial<Record<string, string>>;
  eventIdOf: (step: TimelineStepName, version: number) => string | undefined;
  /** The item was made by the receive of its first message. */
  isMadeByMessage: boolean;
};

/** The step's name without the version that tells its repetitions apart. */
function nameOf(key: string): string {
  return key.replace(/_\d+$/, '');
}

function stepsOf({ item, base, statusOf, eventIdOf, isMadeByMessage }: Subject): Placed[] {
  const messages = new Set<string>();
  const entries = Object.entries(item.timeline).sort(([, a], [, b]) => (a.version ?? 1) - (b.version ?? 1));
  return entries.flatMap(([key, { sentAt, version = 1, ...entry }]: [string, TimelineEntry]): Placed[] => {
    const stored = nameOf(key);
    // A notification that was sent; a message that was sent is told by the receive.
    const step = (stored === 'sent' ? 'notified' : stored) as TimelineStepName;
    const status = statusOf[step];
    const eventId = eventIdOf(step, version);
    const own = {
      version,
      atMs: Date.parse(entry.at),
      step: {
        step,
        ...base,
        ...entry,
        version,
        ...(status === undefined ? {} : { status }),
        ...(eventId === undefined ? {} : { eventId }),
      },
    };
    // It led to no version: it lies between the one that it met and the next.
    if (step === 'republished') return [{ version: version + 1, atMs: own.atMs, step: { step, ...base, ...entry } }];
    const { messageId } = entry;
    if (sentAt === undefined || messageId === undefined || messages.has(messageId)) return [own];
    const isFirst = isMadeByMessage && messages.size === 0;
    messages.add(messageId);
    return [
      {
        version: isFirst ? 0 : version,
        atMs: Date.parse(sentAt),
        step: { step: 'sent', ...base, at: sentAt, messageId },
      },
      own,
    ];
  });
}

function contextOf({ correlationId, traceparent }: Pick<WorkItemRecord, 'correlationId' | 'traceparent'>) {
  return {
    correlationId,
    ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { traceId: traceparent.slice(3, 35) } : {}),
  };
}

function orderSteps(order: FollowedOrder): Placed[] {
  const { pending, processing, completed, failed } = ORDER_STATES;
  return stepsOf({
    item: order,
    base: { subject: 'order', ...contextOf(order) },
    isMadeByMessage: false,
    statusOf: { accepted: pending, received: processing, completed, failed },
    eventIdOf: (step, version) => {
      if (step === 'accepted') return eventIdFor(order.orderId, OrderCreatedEvent.type, 1);
      return version === order.version && (step === 'completed' || step === 'failed')
        ? orderOutcome(order)?.detail.metadata.eventId
        : undefined;
    },
  });
}

function notificationSteps(notification: FollowedNotification): Placed[] {
  const { pending, processing, completed, failed } = NOTIFICATION_STATES;
  const { notificationId, causationId } = notification;
  return stepsOf({
    item: notification,
    base: { subject: 'notification', notificationId, ...contextOf(notification) },
    isMadeByMessage: causationId !== undefined,
    statusOf: { accepted: pending, received: processing, notified: completed, failed },
    eventIdOf: (step) => {
      if (step === 'accepted') return causationId ?? eventIdFor(notificationId, NotificationRequestedEvent.type, 1);
      return step === 'notified' ? notificationSent(notification)?.detail.metadata.eventId : undefined;
    },
  });
}

/**
 * The versions say what came after what; the clocks of several hosts, or one that was set back, may not agree with them.
 * @param notBeforeMs when what caused the first step had happened
 */
function inOrderOfVersions(placed: readonly Placed[], notBeforeMs = 0): Placed[] {
  // A message may have been sent before the sweeper published its event again, or because of that.
  const rank = ({ step: { step } }: Placed): number => TIMELINE_STEPS.indexOf(step === 'republished' ? 'sent' : step);
  let latestMs = notBeforeMs;
  return [...placed]
    .sort((a, b) => a.version - b.version || rank(a) - rank(b) || a.atMs - b.atMs)
    .map((one) => {
      latestMs = Math.max(latestMs, one.atMs);
      return { ...one, atMs: latestMs };
    });
}

/** Time of the event that caused a notification: an outcome in any of the order's lives, or its acceptance. */
function causeMs({ causationId }: FollowedNotification, { orderId }: FollowedOrder, steps: readonly Placed[]): number {
  const cause = steps.find(
    ({ step: { step }, version }) =>
      (step === 'completed' && causationId === eventIdFor(orderId, OrderCompletedEvent.type, version)) ||
      (step === 'failed' && causationId === eventIdFor(orderId, OrderFailedEvent.type, version)),
  );
  return (cause ?? steps[0])?.atMs ?? 0;
}

/** The order's life with that of its notifications, as far as their items tell of it. */
export function timelineOf(
  order: FollowedOrder,
  notifications: readonly FollowedNotification[] = [],
): Omit<Timeline, 'nextCursor'> {
  const own = inOrderOfVersions(orderSteps(order));
  const told = notifications.map((one) => inOrderOfVersions(notificationSteps(one), causeMs(one, order, own)));
  let previousMs: number | undefined;
  const steps = [own, ...told]
    .flat()
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ step, atMs }) => {
      const sinceMs = atMs - (previousMs ?? atMs);
      previousMs = atMs;
      return { ...step, sinceMs };
    });
  const { orderId, status } = order;
  const replayable = whyNotRestartable(order) === undefined;
  const deadLetter = replayable ? deadLetterOf(order) : undefined;
  return { orderId, status, replayable, ...(deadLetter === undefined ? {} : { deadLetter }), steps };
}
