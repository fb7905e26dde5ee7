import 'reflect-metadata';

export {
  DEAD_LETTER_QUEUES,
  DeadLetterList,
  deadLetterQueueNames,
  DeadLetterSummary,
  ownQueueNames,
  toDeadLetter,
  toDeadLetterSummary,
  type DeadLetter,
  type DeadLetterQueue,
  type OwnQueue,
} from './dead-letter.js';
export { eventFactsOf, type EventFacts } from './event-facts.js';
export { EventMetadata, type EventDetail, type PublishableEvent } from './events/envelope.js';
export {
  NotificationRequested,
  NotificationSent,
  notificationRequested,
  notificationSent,
  type NotificationOutcomeFields,
} from './events/notification-events.js';
export {
  OrderCompleted,
  OrderCreated,
  orderCreated,
  OrderFailed,
  orderOutcome,
  type OrderOutcomeFields,
} from './events/order-events.js';
export { EVENT_CLASSES, NOTIFICATION_QUEUE_EVENTS, ORDER_QUEUE_EVENTS } from './events/routing.js';
export { Failure, storedFailure, toFailure } from './failure.js';
export { eventIdFor, fulfilmentKeyFor, idForKey, newId, notificationIdFor, replayIdFor } from './identifiers.js';
export {
  ForeignAttribute,
  toForeignAttributes,
  type ForeignAttributes,
  type LetterAttributes,
} from './letter-attributes.js';
export { FlowPoint, LiveOrder, QueueState, SystemState, toLiveOrder, WorkerState } from './live.js';
export { IS_MONEY, MATCHES_ITEM_TOTAL, sumInCents, toCents } from './money.js';
export {
  CreateNotificationRequest,
  ListNotificationsQuery,
  MAX_NOTIFICATIONS,
  newNotificationRecord,
  Notification,
  NOTIFICATION_CHANNELS,
  NOTIFICATION_STATES,
  NotificationList,
  toAcceptedNotification,
  toNotification,
  type NotificationChannel,
  type NotificationRecord,
} from './notification.js';
export {
  CreateOrderRequest,
  DEFAULT_PAGE_SIZE,
  ListOrdersQuery,
  newOrderRecord,
  Order,
  ORDER_STATES,
  OrderItem,
  OrderPage,
  toAcceptedOrder,
  toOrder,
  type OrderRecord,
} from './order.js';
export { ORDER_FEED } from './order-feed.js';
export { ORDER_ACCEPT_TO_TERMINAL } from './order-metrics.js';
export { judgeReplay, MOST_REPLAYS, QUEUE_EVENTS, refusalOfLetter, subjectOf, type Refusal } from './replay-rules.js';
export { deadLetterOf, restartIdFor, whyNotRestartable } from './restart.js';
export { Problem, ProblemEntry } from './problem.js';
export {
  FOLLOWED_NOTIFICATION,
  FOLLOWED_ORDER,
  isFollowedNotification,
  isFollowedOrder,
  isNotificationRecord,
  isOrderRecord,
  type FollowedNotification,
  type FollowedOrder,
} from './readable-item.js';
export { INDEXES, queueNames, resourceNames, STAGE_PATTERN, type ResourceNames } from './resources.js';
export {
  attemptsOf,
  createdAtIdOf,
  listBucketsOf,
  listMonthOf,
  OUTBOX_SHARDS,
  outboxShardOf,
  type StoredItem,
  type StoredStep,
} from './stored-item.js';
export { toUuid } from './spelling.js';
export { Timeline, timelineOf, TimelineStep } from './timeline.js';
export { CORRELATION_ID, IS_TEXT, IS_TEXT_OR_NULL, TEXT, TEXT_DESCRIPTION, toText } from './text.js';
