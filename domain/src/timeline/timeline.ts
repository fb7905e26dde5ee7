import {
  NotificationRequestedEvent,
  OrderCompletedEvent,
  OrderCreatedEvent,
  OrderFailedEvent,
  TIMELINE_STEPS,
  type Timeline,
  type TimelineStep,
  type TimelineStepName,
} from '@orderflow/contracts';
import { eventIdFor } from '../ids.js';
import { validTraceparent } from '../item-event.js';
import { NOTIFICATION_STATES } from '../notifications/notification.js';
import { notificationSent } from '../notifications/notification-events.js';
import { ORDER_STATES } from '../orders/order.js';
import { orderOutcome } from '../orders/order-events.js';
import type { FollowedNotification, FollowedOrder } from '../readable-item.js';
import { deadLetterOf, whyNotRestartable } from '../restart.js';
import type { WorkItemRecord, StoredEntry } from '../work-item-record.js';

type Undated = Omit<TimelineStep, 'sinceMs'>;

/** A step with its position: the item's version, and its time by the latest clock so far. */
type Placed = { step: Undated; version: number; atMs: number };

/** What the steps of one item have in common, and the names of its states and events. */
type Subject = {
  item: Pick<WorkItemRecord, 'timeline'>;
  base: Pick<TimelineStep, 'subject' | 'notificationId' | 'correlationId' | 'traceId'>;
  statusOf: Partial<Record<string, string>>;
  eventIdOf: (step: TimelineStepName, version: number) => string | undefined;
  /** The item was created when its first message was received. */
  isMadeByMessage: boolean;
};

function stepsOf({ item, base, statusOf, eventIdOf, isMadeByMessage }: Subject): Placed[] {
  const messages = new Set<string>();
  const entries = Object.entries(item.timeline).sort(([, a], [, b]) => (a.version ?? 1) - (b.version ?? 1));
  return entries.flatMap(([key, { sentAt, version = 1, ...entry }]: [string, StoredEntry]): Placed[] => {
    const stored = key.replace(/_\d+$/, '');
    // Stored `sent` means a sent notification. The sending of a message is derived from its receive.
    const step = (stored === 'sent' ? 'notified' : stored) as TimelineStepName;
    const eventId = eventIdOf(step, version);
    const own = {
      version,
      atMs: Date.parse(entry.at),
      step: { step, ...base, ...entry, version, status: statusOf[step], ...(eventId === undefined ? {} : { eventId }) },
    };
    // It did not change the version: place it before the next one.
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
  return { correlationId, traceId: validTraceparent(traceparent)?.slice(3, 35) };
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
 * Orders steps by version. Clocks of several hosts, or a clock that was set back, may disagree with the versions.
 * @param notBeforeMs time of the cause of the first step
 */
function inOrderOfVersions(placed: readonly Placed[], notBeforeMs = 0): Placed[] {
  // A message may have been sent before a republication, or because of it.
  const rank = ({ step: { step } }: Placed): number => TIMELINE_STEPS.indexOf(step === 'republished' ? 'sent' : step);
  let latestMs = notBeforeMs;
  return [...placed]
    .sort((a, b) => a.version - b.version || rank(a) - rank(b) || a.atMs - b.atMs)
    .map((one) => {
      latestMs = Math.max(latestMs, one.atMs);
      return { ...one, atMs: latestMs };
    });
}

/** Time of the notification's cause: an outcome in any life of the order, or the order's acceptance. */
function causeMs({ causationId }: FollowedNotification, { orderId }: FollowedOrder, steps: readonly Placed[]): number {
  const cause = steps.find(
    ({ step: { step }, version }) =>
      (step === 'completed' && causationId === eventIdFor(orderId, OrderCompletedEvent.type, version)) ||
      (step === 'failed' && causationId === eventIdFor(orderId, OrderFailedEvent.type, version)),
  );
  return (cause ?? steps[0])?.atMs ?? 0;
}

/** The timeline of an order and its notifications, as far as their items record it. */
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
  return { orderId, status, replayable, deadLetter, steps };
}
