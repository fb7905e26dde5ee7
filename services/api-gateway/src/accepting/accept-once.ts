import { randomUUID } from 'node:crypto';
import type { WorkItemRecord } from '@orderflow/domain/work-item-record';
import type { Clock } from '@orderflow/platform/runtime/clock';
import { failpoint } from '@orderflow/platform/runtime/failpoints';
import type { EventPublisher, OutgoingEvent } from '@orderflow/platform/events/publisher';
import type { StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { insert } from '@orderflow/platform/work-item/transitions';
import { ApiProblem } from '../http/problems/api-problem.js';
import type { StoredItems } from '../infrastructure/tokens.js';

export const ACCEPTING = Symbol('ACCEPTING');
/** Dependencies for accepting a record of any kind. */
export type Accepting = {
  executor: StatementExecutor;
  /** Publishes the event without waiting. If that fails, the sweeper publishes it. */
  publishSoon: (event: OutgoingEvent) => void;
  beginSpan: EventPublisher['beginSpan'];
  now: Clock;
  outboxDelayMs: number;
};

export type AcceptDependencies = Accepting & StoredItems;

/**
 * Inserts a record whose id is either new or derived from an idempotency key, so that the insert itself is the
 * idempotency check. A retry after a lost answer finds its own insert.
 * @throws ApiProblem IDEMPOTENCY_KEY_REUSED when the key was used for another request
 */
export async function acceptOnce<R extends WorkItemRecord>(
  { executor, table, reader, publishSoon, beginSpan }: AcceptDependencies,
  id: string,
  accepted: R,
  eventOf: (record: R) => OutgoingEvent,
): Promise<{ stored: R; isRepeat: boolean }> {
  // Begin the span before the insert: its context is stored, so that every republished event is the same.
  const span = beginSpan(accepted.traceparent);
  const record = {
    ...accepted,
    // Distinguishes a retry of this insert from another request with the same key: the client chooses all other values.
    ...(accepted.requestHash === '' ? {} : { insertToken: randomUUID() }),
    traceparent: span?.traceparent ?? accepted.traceparent,
  };
  const event = { ...eventOf(record), span };
  const inserted = await executor.execute(insert(table, record));
  if (inserted.applied) {
    failpoint('api.after-insert');
    publishSoon(event);
    return { stored: record, isRepeat: false };
  }
  // Only the stored item says whose insert was first.
  const existing = (await reader.get(id)) as R | undefined;
  if (!existing) throw new Error('the insert was refused because the item exists, but the item cannot be read');
  if (existing.requestHash !== record.requestHash) {
    throw new ApiProblem(
      'IDEMPOTENCY_KEY_REUSED',
      'This Idempotency-Key was used for another request. Use a new key for a new request.',
    );
  }
  const mine = existing.insertToken === record.insertToken;
  if (mine) publishSoon(event);
  return { stored: existing, isRepeat: !mine };
}
