import { MAX_CORRELATION_ID, toText, TRACEPARENT } from '@orderflow/contracts';
import type { WorkItemRecord } from './work-item-record.js';

/** The context that an item's events carry. Valid even if the stored values are not: workers refuse invalid events. */
export function contextOf({ correlationId, traceparent }: Pick<WorkItemRecord, 'correlationId' | 'traceparent'>) {
  return {
    correlationId: toText(correlationId, MAX_CORRELATION_ID, 'unknown'),
    ...(isTraceparent(traceparent) ? { traceparent } : {}),
  };
}

/** RegExp.test() would treat undefined as text. */
function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && TRACEPARENT.test(value);
}

type OutcomeContext = Pick<WorkItemRecord, 'correlationId' | 'traceparent' | 'outcomeTraceparent'>;

/** The context of an outcome's event: that of the delivery which led to it if it was traced, else the item's. */
export function outcomeContextOf({ correlationId, traceparent, outcomeTraceparent = traceparent }: OutcomeContext) {
  return contextOf({ correlationId, traceparent: outcomeTraceparent });
}
