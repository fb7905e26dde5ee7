import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { WorkItemRecord } from '@orderflow/domain/work-item-record';
import type { OutgoingEvent } from '@orderflow/platform/events/publisher';
import { failpoint } from '@orderflow/platform/runtime/failpoints';
import { insert } from '@orderflow/platform/work-item/transitions';
import { ApiEnv } from '../config.js';
import { ApiProblem } from '../http/problems/api-problem.js';
import type { Caller } from '../identity/caller.js';
import type { RequestContext } from '../http/requests/request-context.js';
import { Publisher } from '../infrastructure/publisher.js';
import type { StoredItems } from '../infrastructure/stored-items.js';
import { Clock, StatementExecutor } from '../infrastructure/tokens.js';
import { requestHash } from './request-hash.js';

/** Whose idempotency keys a request uses: its token's subject; without tokens, the customer that it names. */
export function keyOwnerOf({ subject }: Caller, customerId: string): string {
  // A customer id has no space.
  return subject === undefined ? customerId : `subject ${subject}`;
}

/** Accepts orders and notifications. */
@Injectable()
export class Acceptance {
  constructor(
    private readonly executor: StatementExecutor,
    private readonly publisher: Publisher,
    private readonly now: Clock,
    private readonly config: ApiEnv,
  ) {}

  /** The fields that every new record takes from its request. */
  fieldsFor<Request extends object>(request: Request, { idempotencyKey, ...trace }: RequestContext) {
    const now = this.now();
    const outboxAt = now + this.config.OUTBOX_DELAY_MS;
    return { request, requestHash: requestHash(request, idempotencyKey), ...trace, now, outboxAt };
  }

  /**
   * Inserts a record whose id is either new or derived from an idempotency key, so that the insert itself is the
   * idempotency check. A retry after a lost answer finds its own insert.
   * @returns `isRepeat`: the idempotency key was used before, and `stored` is the original record
   * @throws ApiProblem IDEMPOTENCY_KEY_REUSED when the key was used for another request
   */
  async insertOnce<R extends WorkItemRecord & Record<string, unknown>>(
    { table, reader }: StoredItems,
    accepted: R,
    eventOf: (record: R) => OutgoingEvent,
  ): Promise<{ stored: R; isRepeat: boolean }> {
    // Begin the span before the insert: its context is stored, so that every republished event is the same.
    const span = this.publisher.beginSpan(accepted.traceparent);
    const record = {
      ...accepted,
      // Distinguishes a retry of this insert from another request with the same key: the client chooses all other values.
      ...(accepted.requestHash === '' ? {} : { insertToken: randomUUID() }),
      traceparent: span?.traceparent ?? accepted.traceparent,
    };
    const event = { ...eventOf(record), span };
    const { contentHash } = event.detail.metadata;
    // A worker believes an event only if it says what this insert says.
    const inserted = await this.executor.execute(insert(table, { ...record, contentHash }));
    if (inserted.applied) {
      failpoint('api.after-insert');
      this.publisher.publishSoon(event);
      return { stored: record, isRepeat: false };
    }
    // Only the stored item says whose insert was first.
    const existing = (await reader.get(String(record[table.key]))) as R | undefined;
    if (!existing) throw new Error('the insert was refused because the item exists, but the item cannot be read');
    if (existing.requestHash !== record.requestHash) {
      throw new ApiProblem(
        'IDEMPOTENCY_KEY_REUSED',
        'This Idempotency-Key was used for another request. Use a new key for a new request.',
      );
    }
    const isMine = existing.insertToken === record.insertToken;
    if (isMine) this.publisher.publishSoon(event);
    return { stored: existing, isRepeat: !isMine };
  }
}
