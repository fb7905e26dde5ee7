import { IsIn, IsISO8601, IsString } from 'class-validator';
import { IsIntFrom, IsNestedList, Optional } from '../properties.js';
import { WORK_QUEUES } from '../resources.js';
import { UNDELIVERED } from '../topology.js';

export const DEAD_LETTER_QUEUES = [...WORK_QUEUES, UNDELIVERED] as const;

export type DeadLetterQueue = (typeof DEAD_LETTER_QUEUES)[number];

/** An attribute that another sender put on a dead letter. */
export class ForeignAttribute {
  @IsString()
  name!: string;

  /** The SQS data type: String, Number or Binary, with an optional label. */
  @IsString()
  type!: string;

  /** The beginning of the value; base64 if it is binary. */
  @IsString()
  value!: string;

  /** Length of the whole value. */
  @IsIntFrom(0)
  bytes!: number;
}

/** A dead letter as the API shows it. */
export class DeadLetterSummary {
  @IsIn(DEAD_LETTER_QUEUES)
  queue!: DeadLetterQueue;

  @IsString()
  messageId!: string;

  /** The same for all copies of a message. */
  @IsString()
  originalMessageId!: string;

  /** Why it was dead-lettered, for example INVALID_EVENT or RECEIVES_EXHAUSTED. */
  @IsString()
  code!: string;

  @IsString()
  reason!: string;

  /** Where the problem is in the body. */
  @Optional(IsString())
  path?: string;

  /** Attempts before it was dead-lettered; absent if no worker dead-lettered it. */
  @Optional(IsIntFrom(0))
  attempts?: number;

  @IsISO8601()
  firstReceivedAt!: string;

  @IsIntFrom(0)
  replayCount!: number;

  /** When it reached the dead-letter queue. If SQS moved it: when it reached its first queue. */
  @IsISO8601()
  sentAt!: string;

  /** Why a replay of the unchanged message would start nothing; absent when a replay would send it. */
  @Optional(IsString())
  replayRefusal?: string;

  /** Event type; absent if the body has none. */
  @Optional(IsString())
  type?: string;

  @Optional(IsString())
  orderId?: string;

  @Optional(IsString())
  notificationId?: string;

  /** Attributes from other senders. A replay keeps them. */
  @Optional(IsNestedList(() => ForeignAttribute))
  attributes?: ForeignAttribute[];
}

/** Answer of GET /api/dead-letters: some of the dead letters, each message once. */
export class DeadLetterList {
  @IsNestedList(() => DeadLetterSummary)
  items!: DeadLetterSummary[];

  /** Number of messages in the dead-letter queues according to SQS: approximate, copies included. */
  @IsIntFrom(0)
  total!: number;
}
