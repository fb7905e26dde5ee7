import { PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import type { EventBridge } from '../aws/clients.js';
import { createBatcher } from '../batching.js';

/** An event on its way to the bus. The bus hands on nothing but `detail`, so all context is inside. */
export type OutgoingEvent = {
  source: string;
  /** EventBridge detail-type. */
  type: string;
  detail: { metadata: { occurredAt: string }; data: object };
};

export type EventPublisher = {
  /** Resolves when the bus has taken the event. @throws the entry's or the call's error. */
  publish(event: OutgoingEvent): Promise<void>;
  /** Resolves when nothing is waiting or in flight. */
  flush(): Promise<void>;
};

/** PutEvents takes 10 entries of 256 KB together: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_ENTRIES = 10;
const MAX_BYTES = 256 * 1024;

/** The bus could not take one entry of a call that it answered. */
class EntryError extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevents-size: 14 bytes for the time */
function sizeOf({ Source, DetailType, Detail }: PutEventsRequestEntry): number {
  return 14 + Buffer.byteLength(`${Source ?? ''}${DetailType ?? ''}${Detail ?? ''}`);
}

export function createEventPublisher(
  eventBridge: EventBridge,
  { bus, concurrency = 2, capacity = 10_000 }: { bus: string; concurrency?: number; capacity?: number },
): EventPublisher {
  const batcher = createBatcher<PutEventsRequestEntry, undefined>({
    maxItems: MAX_ENTRIES,
    maxBytes: MAX_BYTES,
    sizeOf,
    concurrency,
    capacity,
    send: async (entries) => {
      const answer = await eventBridge.send(new PutEventsCommand({ Entries: entries }));
      return entries.map((_, index) => {
        const entry = answer.Entries?.[index];
        if (entry?.EventId !== undefined) return { result: undefined };
        const { ErrorCode = 'UnknownError', ErrorMessage = 'the bus gave no reason' } = entry ?? {};
        return { error: new EntryError(ErrorCode, ErrorMessage) };
      });
    },
  });

  return {
    publish: ({ source, type, detail }) =>
      batcher.submit({
        EventBusName: bus,
        Source: source,
        DetailType: type,
        Detail: JSON.stringify(detail),
        Time: new Date(detail.metadata.occurredAt),
      }),
    flush: () => batcher.idle(),
  };
}
