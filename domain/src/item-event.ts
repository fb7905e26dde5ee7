import {
  contentHashOf,
  MAX_CORRELATION_ID,
  toText,
  TRACEPARENT,
  type EventDetail,
  type EventMetadata,
  type OutgoingEvent,
} from '@orderflow/contracts';
import { eventIdFor } from './ids.js';
import type { WorkItemRecord } from './work-item-record.js';

/** What an outcome's event needs of any work item. */
export const OUTCOME_FIELDS = [
  ...(['status', 'version', 'updatedAt'] as const),
  ...(['correlationId', 'traceparent', 'outcomeTraceparent'] as const),
] as const;

export type OutcomeField = (typeof OUTCOME_FIELDS)[number];

type ItemEvent<Data> = {
  id: string;
  /** The item's version when the event happened. */
  itemVersion: number;
  occurredAt: string;
  context: Pick<WorkItemRecord, 'correlationId' | 'traceparent'>;
  causationId?: string | undefined;
  data: Data;
};

/** An event of an item. Its context is valid even if the stored values are not: workers refuse invalid events. */
export function itemEvent<Detail extends EventDetail>(
  { source, type, version }: { new (): Detail; source: string; type: string; version: number },
  { id, itemVersion, occurredAt, context, causationId, data }: ItemEvent<Detail['data']>,
): OutgoingEvent<Detail> {
  const { correlationId, traceparent } = context;
  const metadata: EventMetadata = {
    eventId: eventIdFor(id, type, itemVersion),
    version,
    occurredAt,
    correlationId: toText(correlationId, MAX_CORRELATION_ID, 'unknown'),
    traceparent: validTraceparent(traceparent),
    causationId,
    contentHash: contentHashOf(data),
  };
  return { source, type, detail: { metadata, data } as Detail };
}

/** The context of an outcome's event: the delivery's if it was traced, otherwise the item's. */
export const outcomeContextOf = (item: Pick<WorkItemRecord, OutcomeField & keyof WorkItemRecord>) => {
  return { correlationId: item.correlationId, traceparent: item.outcomeTraceparent ?? item.traceparent };
};

export function validTraceparent(value: unknown): string | undefined {
  return typeof value === 'string' && TRACEPARENT.test(value) ? value : undefined;
}
