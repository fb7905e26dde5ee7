import 'reflect-metadata';

export { canonicalJson, contentHashOf } from './events/content-hash.js';
export { EventMetadata, MAX_CORRELATION_ID, type EventDetail, type OutgoingEvent } from './events/envelope.js';
export {
  NotificationRequestedEvent,
  NotificationRequestedData,
  NotificationSentEvent,
  NotificationSentData,
} from './events/notification-events.js';
export {
  OrderCompletedEvent,
  OrderCompletedData,
  OrderCreatedEvent,
  OrderCreatedData,
  OrderFailedEvent,
  OrderFailedData,
} from './events/order-events.js';
export { EVENT_CLASSES, QUEUE_EVENTS, type EventClass } from './events/routing.js';
export { Failure, FAILURE_CODE, MAX_FAILURE_CODE, MAX_FAILURE_MESSAGE } from './failure.js';
export { CallerInfo } from './http/caller.js';
export {
  DEAD_LETTER_QUEUES,
  DeadLetterList,
  DeadLetterSummary,
  ForeignAttribute,
  type DeadLetterQueue,
} from './http/dead-letters.js';
export { FlowPoint, LiveOrder, QueueState, SystemState, WorkerState, type OrderStage } from './http/live.js';
export {
  CreateNotificationRequest,
  ListNotificationsQuery,
  MAX_NOTIFICATIONS,
  Notification,
  NOTIFICATION_STATUSES,
  NotificationList,
  type NotificationChannel,
  type NotificationStatus,
} from './http/notifications.js';
export {
  CreateOrderRequest,
  DEFAULT_PAGE_SIZE,
  ListOrdersQuery,
  Order,
  ORDER_STATUSES,
  OrderItem,
  OrderPage,
  type OrderStatus,
} from './http/orders.js';
export { Problem, ProblemEntry } from './http/problem.js';
export { Timeline, TIMELINE_STEPS, TimelineStep, type TimelineStepName } from './http/timeline.js';
export { IS_MONEY, MATCHES_ITEM_TOTAL, sumInCents, toCents } from './money.js';
export {
  INDEXES,
  queueNames,
  queuesOf,
  resourceNames,
  rulesOf,
  STAGE_PATTERN,
  WORK_QUEUES,
  workQueueNames,
  type ResourceNames,
  type Table,
  type WorkQueue,
} from './resources.js';
export { IsId, toUuid } from './spelling.js';
export {
  CORRELATION_ID,
  isReference,
  IS_TEXT,
  IS_TEXT_OR_NULL,
  IsText,
  TEXT,
  TEXT_DESCRIPTION,
  toText,
  TRACEPARENT,
} from './text.js';
export { QUEUES, SERVICES } from './topology.js';
