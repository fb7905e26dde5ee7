import type { Logger } from '../runtime/logger.js';
import type { OutgoingEvent } from '../events/publisher.js';
import type { Span } from '../telemetry/tracing.js';
import type { ForeignAttributes } from './message-attributes.js';

/** What became of a delivery. The same words stand in logs, metrics and tests. */
export type Outcome = 'processed' | 'duplicate' | 'retry' | 'dead-lettered';

/** An attempt that failed, and after how long the message comes back. The reason is for everybody to read. */
export type Postponement = { delaySeconds: number; reason: string };

/** The item that a delivery has claimed. */
export type HeldItem = { postpone: (postponement: Postponement) => Promise<void> };

/** One receive of one SQS message. */
export type Delivery = {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** How often the queue has handed the message out, this time included. */
  readonly receiveCount: number;
  /**
   * Which attempt at the work this is, from 1: receiveCount, less the receives that this process knows to have ended in
   * an outage. The receive after the last attempt only ends the item, and is still in that attempt.
   */
  readonly attempt: number;
  /** Epoch ms. */
  readonly sentAt: number;
  /** Epoch ms. */
  readonly firstReceivedAt: number;
  /** Set when the message was replayed from its dead-letter queue, or moved back from there as it was. */
  readonly replayId: string | undefined;
  /** How often it has been replayed, this time included. */
  readonly replayCount: number;
  /** Attributes that others put on the message. */
  readonly foreign: ForeignAttributes;
  /** Aborted when the handler's time is up. */
  readonly signal: AbortSignal;
  /** What the pipeline learns on the way; goes into the message's one log line. */
  readonly facts: Record<string, unknown>;
  /** Filled once the delivery has claimed its item. */
  readonly held: { item?: HeldItem };
  /** Begins the span of an event that this delivery causes; absent while nobody traces. */
  readonly beginSpan?: () => Span | undefined;
  readonly logger: Logger;
};

/** `duplicate`: the work was done, or is being done, by another delivery. Events are published before the ack. */
export type HandlerResult = { outcome: 'processed' | 'duplicate'; events: OutgoingEvent[] };

export type Handler<Event> = (event: Event, delivery: Delivery) => Promise<HandlerResult>;

export type Step = (delivery: Delivery) => Promise<Outcome>;

/** One policy around the rest of the pipeline. */
export type Middleware = (next: Step) => Step;
