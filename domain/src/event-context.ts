import { MAX_CORRELATION_ID, toText, TRACEPARENT } from '@orderflow/contracts';
import type { WorkItemRecord } from './work-item-record.js';

/** The context that an aggregate hands on to its events, valid whatever is stored: an invalid event is never received. */
export function contextOf({ correlationId, traceparent }: Pick<WorkItemRecord, 'correlationId' | 'traceparent'>) {
  return {
    correlationId: toText(correlationId, MAX_CORRELATION_ID, 'unknown'),
    ...(isTraceparent(traceparent) ? { traceparent } : {}),
  };
}

/** A test of a regular expression would take undefined for text. */
function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && TRACEPARENT.test(value);
}

type OutcomeContext = Pick<WorkItemRecord, 'correlationId' | 'traceparent' | 'outcomeTraceparent'>;

/** The context of an outcome's event: the delivery that led to it, or, when that was not traced, the aggregate's. */
export function outcomeContextOf({ correlationId, traceparent, outcomeTraceparent = traceparent }: OutcomeContext) {
  return contextOf({ correlationId, ...(outcomeTraceparent === undefined ? {} : { traceparent: outcomeTraceparent }) });
}
