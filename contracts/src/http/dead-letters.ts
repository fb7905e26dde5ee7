import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsISO8601, IsString, Min, ValidateNested } from 'class-validator';
import { Optional } from '../optional.js';
import { WORK_QUEUES } from '../resources.js';
import { UNDELIVERED } from '../topology.js';

export const DEAD_LETTER_QUEUES = [...WORK_QUEUES, UNDELIVERED] as const;

export type DeadLetterQueue = (typeof DEAD_LETTER_QUEUES)[number];

/** An attribute of a dead letter that is not ours, as it is shown. */
export class ForeignAttribute {
  @IsString()
  name!: string;

  /** As SQS has it: String, Number or Binary, maybe with a label. */
  @IsString()
  type!: string;

  /** The beginning of the value; of a binary one, of its base64. */
  @IsString()
  value!: string;

  /** Length of the whole value. */
  @IsInt()
  @Min(0)
  bytes!: number;
}

/** What a dead letter tells of itself. */
export class DeadLetterSummary {
  @IsIn(DEAD_LETTER_QUEUES)
  queue!: DeadLetterQueue;

  @IsString()
  messageId!: string;

  /** The same for all copies of a message. */
  @IsString()
  originalMessageId!: string;

  /** Why it was given up, as INVALID_EVENT or RECEIVES_EXHAUSTED. */
  @IsString()
  code!: string;

  @IsString()
  reason!: string;

  /** Where in the body the problem lies. */
  @Optional()
  @IsString()
  path?: string;

  /** Attempts at it before it was given up; absent when no worker gave it up. */
  @Optional()
  @IsInt()
  @Min(0)
  attempts?: number;

  @IsISO8601()
  firstReceivedAt!: string;

  @IsInt()
  @Min(0)
  replayCount!: number;

  /** When it came to the dead-letter queue; of one that SQS moved, to its own queue. */
  @IsISO8601()
  sentAt!: string;

  /** Why a replay of it, as it lies there, would start nothing; absent when it would be sent. */
  @Optional()
  @IsString()
  replayRefusal?: string;

  /** Event type, as far as the body tells. */
  @Optional()
  @IsString()
  type?: string;

  @Optional()
  @IsString()
  orderId?: string;

  @Optional()
  @IsString()
  notificationId?: string;

  /** What others put on the message; it goes along with a replay. */
  @Optional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ForeignAttribute)
  attributes?: ForeignAttribute[];
}

/** Answer of GET /api/dead-letters: some of those that there are, each message once. */
export class DeadLetterList {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => DeadLetterSummary)
  items!: DeadLetterSummary[];

  /** Messages in the dead-letter queues by SQS's count, which is approximate, and counts each copy. */
  @IsInt()
  @Min(0)
  total!: number;
}
