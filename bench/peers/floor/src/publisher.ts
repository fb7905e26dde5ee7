import type { OutgoingEvent } from '@orderflow/contracts';
import { createBatcher } from '@orderflow/platform/runtime/batching';
import type { CallAws } from './call-aws.js';

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_ENTRIES = 10;
const MAX_BYTES = 256 * 1024;
/** Upper bound for source, detail type and time. */
const ENTRY_OVERHEAD_BYTES = 100;

type Entry = { Detail: string };
type Answer = { Entries: { EventId?: string; ErrorCode?: string; ErrorMessage?: string }[] };

export function createPublisher(callAws: CallAws, bus: string, concurrency: number) {
  const batcher = createBatcher<Entry, undefined>({
    maxItems: MAX_ENTRIES,
    maxBytes: MAX_BYTES,
    sizeOf: ({ Detail }) => Buffer.byteLength(Detail) + ENTRY_OVERHEAD_BYTES,
    concurrency,
    capacity: Infinity,
    send: async (entries) => {
      const { Entries: answers } = await callAws<Answer>('events', 'PutEvents', { Entries: entries });
      return answers.map(({ EventId, ErrorCode, ErrorMessage }) =>
        EventId === undefined
          ? { error: new Error(`${ErrorCode ?? 'UnknownError'}: ${ErrorMessage ?? ''}`) }
          : { result: undefined },
      );
    },
  });
  return {
    publish: ({ source, type, detail }: OutgoingEvent) => {
      const entry = {
        EventBusName: bus,
        Source: source,
        DetailType: type,
        Detail: JSON.stringify(detail),
        // Epoch seconds.
        Time: Date.parse(detail.metadata.occurredAt) / 1_000,
      };
      return batcher.submit(entry);
    },
    idle: () => batcher.idle(),
  };
}
