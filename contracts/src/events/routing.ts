import { WORK_QUEUES, type WorkQueue } from '../resources.js';
import { QUEUES } from '../topology.js';
import { NotificationRequestedEvent, NotificationSentEvent } from './notification-events.js';
import { OrderCompletedEvent, OrderCreatedEvent, OrderFailedEvent } from './order-events.js';

/** Every event on the bus. */
export const EVENT_CLASSES = [
  OrderCreatedEvent,
  NotificationRequestedEvent,
  OrderCompletedEvent,
  OrderFailedEvent,
  NotificationSentEvent,
] as const;

type EventClass = (typeof EVENT_CLASSES)[number];

function eventsOf(queue: WorkQueue): readonly EventClass[] {
  const types: readonly EventClass['type'][] = Object.values(QUEUES[queue].rules).flat();
  return EVENT_CLASSES.filter(({ type }) => types.includes(type));
}

/** The events that the bus routes to each work queue. */
export const QUEUE_EVENTS = Object.fromEntries(WORK_QUEUES.map((queue) => [queue, eventsOf(queue)])) as Record<
  WorkQueue,
  readonly EventClass[]
>;
