import { NotificationRequested, NotificationSent } from './notification-events.js';
import { OrderCompleted, OrderCreated, OrderFailed } from './order-events.js';

/** Events that the template's rules route to the order queue. */
export const ORDER_QUEUE_EVENTS = [OrderCreated] as const;

/** Events that the template's rules route to the notification queue. */
export const NOTIFICATION_QUEUE_EVENTS = [NotificationRequested, OrderCompleted, OrderFailed] as const;

/** Every event on the bus. */
export const EVENT_CLASSES = [...ORDER_QUEUE_EVENTS, ...NOTIFICATION_QUEUE_EVENTS, NotificationSent] as const;
