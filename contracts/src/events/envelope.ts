import { IsInt, IsISO8601, Min } from 'class-validator';
import { Optional } from '../optional.js';
import { IsId } from '../spelling.js';
import { IsText, IsTraceparent } from '../text.js';

export const MAX_CORRELATION_ID = 128;

/** Context of an event. EventBridge hands no attributes on to SQS, so everything travels inside `detail`. */
export class EventMetadata {
  /** UUIDv5 of aggregate id, event type and aggregate version: the same event has the same id however often it is sent. */
  @IsId()
  eventId!: string;

  /** Version of the event's schema. */
  @IsInt()
  @Min(1)
  version!: number;

  /** When it happened, by the aggregate's own timestamps. */
  @IsISO8601()
  occurredAt!: string;

  @IsText(MAX_CORRELATION_ID)
  correlationId!: string;

  /** The event that led to this one. */
  @Optional()
  @IsId()
  causationId?: string;

  @Optional()
  @IsTraceparent()
  traceparent?: string;
}

/** An event as it is handed to the publisher; `detail` is an instance of an event class. */
export type OutgoingEvent<Detail extends { metadata: EventMetadata; data: object } = EventDetail> = {
  source: string;
  type: string;
  detail: Detail;
};

export type EventDetail = { metadata: EventMetadata; data: object };
