import { NotificationRequestedEvent, NotificationSentEvent } from './notification-events.js';
import { OrderCompletedEvent, OrderCreatedEvent, OrderFailedEvent } from './order-events.js';

/** Events that the template's rules route to the order queue. */
export const ORDER_QUEUE_EVENTS = [OrderCreatedEvent] as const;

/** Events that the template's rules route to the notification queue. */
export const NOTIFICATION_QUEUE_EVENTS = [NotificationRequestedEvent, OrderCompletedEvent, OrderFailedEvent] as const;

/** Every event on the bus. */
export const EVENT_CLASSES = [...ORDER_QUEUE_EVENTS, ...NOTIFICATION_QUEUE_EVENTS, NotificationSentEvent] as const;
