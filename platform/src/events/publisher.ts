import { PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import type { EventBridge } from '../aws/clients.js';
import { EntryError, errorKindOf } from '../aws/error-kind.js';
import { wireTime } from '../aws/fast-path/fast-path.js';
import { createBatcher } from '../runtime/batching.js';
import { toError } from '../runtime/errors.js';
import { NO_TRACING, type Span, type Tracing } from '../telemetry/tracing.js';

/** An event for the bus. The bus delivers only `detail`, so all context is inside. */
export type OutgoingEvent = {
  source: string;
  /** EventBridge detail-type. */
  type: string;
  detail: { metadata: EventContext; data: object };
  /** The span of the first publication, begun before the event was stored: the event carries its context. */
  span?: Span;
};

type EventContext = {
  occurredAt: string;
  eventId?: string;
  correlationId?: string;
  traceparent?: string;
  contentHash?: string;
};

export type EventPublisher = ReturnType<typeof createEventPublisher>;

/** PutEvents takes 10 entries of 256 KB together: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_ENTRIES = 10;
const MAX_BYTES = 256 * 1024;

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevents-size: 14 bytes for the time */
function sizeOf({ Source, DetailType, Detail }: PutEventsRequestEntry): number {
  return 14 + Buffer.byteLength(`${Source ?? ''}${DetailType ?? ''}${Detail ?? ''}`);
}

type PublisherOptions = { bus: string; tracing?: Tracing; concurrency?: number; capacity?: number };

export function createEventPublisher(
  eventBridge: EventBridge,
  { bus, tracing = NO_TRACING, concurrency = 2, capacity = 10_000 }: PublisherOptions,
) {
  const batcher = createBatcher<PutEventsRequestEntry, string>({
    maxItems: MAX_ENTRIES,
    maxBytes: MAX_BYTES,
    sizeOf,
    concurrency,
    capacity,
    // While the bus does not answer, each waiting event would run into its own timeout.
    failsWaiting: (error) => errorKindOf(error) === 'timeout',
    send: async (entries) => {
      const answer = await eventBridge.send(new PutEventsCommand({ Entries: entries }));
      return entries.map((_, index) => {
        const entry = answer.Entries?.[index];
        if (entry?.EventId !== undefined) return { result: entry.EventId };
        const { ErrorCode = 'UnknownError', ErrorMessage = 'the bus gave no reason' } = entry ?? {};
        return { error: new EntryError(ErrorCode, ErrorMessage) };
      });
    },
  });

  const send = ({ source, type, detail }: OutgoingEvent) =>
    batcher.submit({
      EventBusName: bus,
      Source: source,
      DetailType: type,
      Detail: JSON.stringify(detail),
      Time: wireTime(Date.parse(detail.metadata.occurredAt)),
    });

  /**
   * Begins the span of an event that is about to be stored and published; undefined while tracing is off.
   * @param parent traceparent of what causes the event
   */
  const beginSpan = (parent: string | undefined) =>
    tracing.tracer?.start(`send ${bus}`, {
      kind: 'producer',
      parent,
      attributes: {
        'messaging.system': 'aws_eventbridge',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': bus,
      },
    });

  return {
    /** Resolves when the bus has accepted the event. @throws the entry's or the call's error */
    publish: async (event: OutgoingEvent): Promise<void> => {
      const { type, detail } = event;
      // A republication is a child of the first publication, whose context the event carries.
      const span = event.span ?? beginSpan(detail.metadata.traceparent);
      if (!span) {
        await send(event);
        return;
      }
      span.set({
        'messaging.message.conversation_id': detail.metadata.correlationId,
        'orderflow.event.type': type,
        'orderflow.event.id': detail.metadata.eventId,
      });
      try {
        span.set({ 'messaging.message.id': await send(event) });
      } catch (error) {
        const err = toError(error);
        span.fail(err.name, err);
        throw error;
      } finally {
        span.end();
      }
    },
    beginSpan,
    /** Resolves when nothing is waiting or in flight. */
    flush: () => batcher.idle(),
  };
}
