import { IsISO8601, Matches } from 'class-validator';
import { IsIntFrom, Optional } from '../properties.js';
import { IsId } from '../spelling.js';
import { IsText, IsTraceparent } from '../text.js';
import { CONTENT_HASH } from './content-hash.js';

export const MAX_CORRELATION_ID = 128;

/** Context of an event. EventBridge passes no attributes on to SQS, so everything travels inside `detail`. */
export class EventMetadata {
  /** UUIDv5 of aggregate id, event type and aggregate version: a republished event keeps its id. */
  @IsId()
  eventId!: string;

  /** Version of the event's schema. */
  @IsIntFrom(1)
  version!: number;

  /** When it happened, from the aggregate's own timestamps. */
  @IsISO8601()
  occurredAt!: string;

  @IsText(MAX_CORRELATION_ID)
  correlationId!: string;

  /** The event that caused this one. */
  @Optional(IsId())
  causationId?: string;

  @Optional(IsTraceparent())
  traceparent?: string;

  /** SHA-256 of the canonical JSON of `data` (RFC 8785), base64url. Absent in events of older publishers. */
  @Optional(Matches(CONTENT_HASH, { message: '$property must be a SHA-256 in base64url: 43 characters' }))
  contentHash?: string;
}

/** An event for the publisher; `detail` is an instance of an event class. */
export type OutgoingEvent<Detail extends { metadata: EventMetadata; data: object } = EventDetail> = {
  source: string;
  type: string;
  detail: Detail;
};

export type EventDetail = { metadata: EventMetadata; data: object };
