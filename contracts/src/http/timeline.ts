import { IsBoolean, IsIn, IsISO8601, IsString, IsUUID, Matches } from 'class-validator';
import { IsIntFrom, IsNestedList, Optional } from '../properties.js';
import { IsTextOrNull } from '../text.js';
import { ORDER_STATUSES, type OrderStatus } from './orders.js';

/** What can happen to an order or a notification. Steps with the same time are shown in this order. */
export const TIMELINE_STEPS = [
  /** Stored, with its outbox marker. */
  'accepted',
  /** Its message reached the queue, by the queue's clock. */
  'sent',
  /** The sweeper republished its event, because earlier publications had no effect. */
  'republished',
  /** The sweeper gave it up: every publication was lost. */
  'undelivered',
  /** An operator's replay started it again. */
  'replayed',
  /** A worker received its message and claimed it. */
  'received',
  /** The attempt failed; SQS redelivers the message after `delaySeconds`. */
  'retried',
  /** The warehouse confirmed that it ships nothing for it. */
  'cancelled',
  /** Its message has used up its attempts; next, a copy goes to the dead-letter queue. */
  'dead-lettered',
  'completed',
  'failed',
  /** The provider accepted the notification. */
  'notified',
] as const;

export type TimelineStepName = (typeof TIMELINE_STEPS)[number];

const SUBJECTS = ['order', 'notification'] as const;

/** One step in the life of an order, or of a notification about it. */
export class TimelineStep {
  @IsIn(TIMELINE_STEPS)
  step!: TimelineStepName;

  @IsIn(SUBJECTS)
  subject!: (typeof SUBJECTS)[number];

  /** Only when the subject is a notification. */
  @Optional(IsUUID())
  notificationId?: string;

  @IsISO8601()
  at!: string;

  /** Ms since the previous step; 0 for the first. */
  @IsIntFrom(0)
  sinceMs!: number;

  /** The state after the step. */
  @Optional(IsString())
  status?: string;

  /** The subject's version after the step. */
  @Optional(IsIntFrom(1))
  version?: number;

  /** Number of the attempt; for a dead letter, the number of attempts. */
  @Optional(IsIntFrom(1))
  attempt?: number;

  /** Host name of the worker. */
  @Optional(IsString())
  worker?: string;

  /** SQS id of the message. */
  @Optional(IsString())
  messageId?: string;

  /** Seconds until SQS redelivers the message. */
  @Optional(IsIntFrom(0))
  delaySeconds?: number;

  /** Machine-readable, for example OUT_OF_STOCK or RECEIVES_EXHAUSTED. */
  @Optional(IsString())
  code?: string;

  /** For an unexpected error, its name and code; the text is in the worker's log. */
  @Optional(IsString())
  reason?: string;

  /** The event that reports the step or caused it. */
  @Optional(IsUUID())
  eventId?: string;

  @IsString()
  correlationId!: string;

  /** W3C trace id. */
  @Optional(Matches(/^[0-9a-f]{32}$/))
  traceId?: string;
}

/** Answer of GET /api/orders/:orderId/timeline, oldest first. */
export class Timeline {
  @IsUUID()
  orderId!: string;

  @IsIn(ORDER_STATUSES)
  status!: OrderStatus;

  /** Whether POST /api/orders/:orderId/replay would start the order again. */
  @IsBoolean()
  replayable!: boolean;

  /** SQS id of the exhausted message. Replaying its dead letter starts the order, too. */
  @Optional(IsString())
  deadLetter?: string;

  @IsNestedList(() => TimelineStep)
  steps!: TimelineStep[];

  /**
   * Null when the steps of all notifications are included. Otherwise the cursor for GET
   * /api/orders/:orderId/notifications, which returns the notifications that are missing here.
   */
  @IsTextOrNull(512)
  nextCursor!: string | null;
}
