import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsString,
  IsUUID,
  Matches,
  Min,
  ValidateNested,
} from 'class-validator';
import { Optional } from '../optional.js';
import { IsTextOrNull } from '../text.js';
import { ORDER_STATUSES, type OrderStatus } from './orders.js';

/** What can happen to an order or a notification, in the order in which things of one moment are shown. */
export const TIMELINE_STEPS = [
  /** Stored, with its outbox marker. */
  'accepted',
  /** Its message came to the queue, by the queue's own clock. */
  'sent',
  /** The sweeper published its event again, because nothing had come of it. */
  'republished',
  /** The sweeper gave it up: no worker finished it, however often it was published. */
  'undelivered',
  /** An operator's replay started it anew. */
  'replayed',
  /** A worker received its message and claimed it. */
  'received',
  /** The attempt failed; the message comes back after `delaySeconds`. */
  'retried',
  /** The warehouse confirmed that it ships nothing for it. */
  'cancelled',
  /** Its message used its attempts up and lies in the dead-letter queue. */
  'dead-lettered',
  'completed',
  'failed',
  /** The notification was handed over to be sent. */
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
  @Optional()
  @IsUUID()
  notificationId?: string;

  @IsISO8601()
  at!: string;

  /** Ms since the step before it in the timeline; 0 for the first. */
  @IsInt()
  @Min(0)
  sinceMs!: number;

  /** The state that the step led to. */
  @Optional()
  @IsString()
  status?: string;

  /** The subject's version that the step led to. */
  @Optional()
  @IsInt()
  @Min(1)
  version?: number;

  /** Which attempt at the message this was; of a dead letter, how many there were. */
  @Optional()
  @IsInt()
  @Min(1)
  attempt?: number;

  /** Host name of the worker. */
  @Optional()
  @IsString()
  worker?: string;

  /** SQS id of the message. */
  @Optional()
  @IsString()
  messageId?: string;

  /** Seconds after which the message comes back. */
  @Optional()
  @IsInt()
  @Min(0)
  delaySeconds?: number;

  /** Machine-readable, as OUT_OF_STOCK or RECEIVES_EXHAUSTED. */
  @Optional()
  @IsString()
  code?: string;

  /** Of an unexpected error its name and code: its text is in the worker's log. */
  @Optional()
  @IsString()
  reason?: string;

  /** The event that tells of the step, or that caused it. */
  @Optional()
  @IsUUID()
  eventId?: string;

  @IsString()
  correlationId!: string;

  /** W3C trace id. */
  @Optional()
  @Matches(/^[0-9a-f]{32}$/)
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

  /** SQS id of the message that the order was given up with; its dead letter starts it again, too. */
  @Optional()
  @IsString()
  deadLetter?: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => TimelineStep)
  steps!: TimelineStep[];

  /**
   * Null when the steps of all notifications are here. Else GET /api/orders/:orderId/notifications goes on from it with
   * the notifications whose steps are not.
   */
  @IsTextOrNull(512)
  nextCursor!: string | null;
}
