import { describe, expect, it } from '@jest/globals';
import { contentHashOf, OrderCompletedEvent, OrderFailedEvent } from '@orderflow/contracts';
import { toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { aDelivery } from '@orderflow/testing/delivery';
import { anyCharacter } from '@orderflow/testing/hostile-bodies';
import { decodeEvent } from '@orderflow/platform/events/decode';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import fc from 'fast-check';
import { checkFulfilment } from './check-fulfilment.js';
import type { Fulfilment } from './fulfilment.js';

const { signal } = aDelivery();
const answering = (answer: unknown): Fulfilment =>
  checkFulfilment({
    fulfil: () => Promise.resolve(answer as never),
    cancel: () => Promise.resolve(answer as never),
  });
const fulfil = (answer: unknown) => answering(answer).fulfil({ idempotencyKey: 'k', items: [], attempt: 1, signal });

const record = aStoredOrder();

/** The event that notification-worker receives for an order with this failure. */
function decodeOutcome(ended: OrderRecord) {
  const event = orderOutcome(ended);
  if (!event) throw new Error('an order that has ended has an event');
  const body = JSON.stringify({ source: event.source, 'detail-type': event.type, detail: event.detail });
  return decodeEvent<object>(body, { classes: [OrderCompletedEvent, OrderFailedEvent], contentHashOf });
}

const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 2_000 }),
  fc.constantFrom('out-of-stock', '', ' ', '\u0000', '\ud800', '🫖', '\u202eabc', 'x'.repeat(5_000)),
  fc.anything({ withBigInt: true, withNullPrototype: true }),
);

describe('an answer of the warehouse', () => {
  it('that refuses an order leads to a valid event, whatever its code and message', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (code, message) => {
        const result = await fulfil({ fulfilled: false, code, message });
        if (result.fulfilled) throw new Error('it was refused');
        const failure = { code: result.code, message: result.message, retriable: false };
        const { event } = decodeOutcome({ ...record, status: 'FAILED', version: 3, failure });
        expect(event).toMatchObject({ data: { failure } });
      }),
    );
  });

  it('that is malformed leads to a retry', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything({ withNullPrototype: true }), async (answer) => {
        const { fulfilled } = Object(answer) as { fulfilled?: unknown };
        fc.pre(typeof fulfilled !== 'boolean');
        await expect(fulfil(answer)).rejects.toMatchObject({ name: 'MalformedAnswerError' });
      }),
    );
  });

  it.each([
    undefined,
    null,
    'true',
    {},
    [],
    { fulfilled: 'yes' },
    { fulfilled: 1 },
    { fulfilled: null, code: 'OUT_OF_STOCK', message: 'None left.' },
  ])('such as %p is an error', async (answer) => {
    await expect(fulfil(answer)).rejects.toMatchObject({ name: 'MalformedAnswerError' });
  });

  it('that throws when read is an error', async () => {
    const answer = {
      get fulfilled(): boolean {
        throw new Error('no such field');
      },
    };
    await expect(fulfil(answer)).rejects.toThrow('no such field');
  });

  it('that fulfils an order keeps no extra fields', async () => {
    expect(await fulfil({ fulfilled: true, tracking: 'x' })).toEqual({ fulfilled: true });
  });
});

describe('a stored order with values that the contract rejects', () => {
  const stored: [string, object][] = [
    ['a code in the wrong case', { failure: { code: 'out-of-stock', message: 'None left.', retriable: false } }],
    ['an empty message', { failure: { code: 'OUT_OF_STOCK', message: '', retriable: false } }],
    ['an incomplete failure', { failure: {} }],
    ['a failure that is text', { failure: 'out of stock' }],
    ['a correlation id that is too long', { correlationId: 'x'.repeat(200) }],
    ['a multi-line correlation id', { correlationId: 'a\nb' }],
    ['no correlation id', { correlationId: undefined }],
    ['an invalid traceparent', { traceparent: 'ff-x' }],
    ['a traceparent that is not text', { traceparent: 7 }],
    ['an invalid traceparent of the outcome', { outcomeTraceparent: '' }],
  ];

  it.each(stored)('such as %s still has a valid event', (_, change) => {
    const failure = { code: 'OUT_OF_STOCK', message: 'None left.', retriable: false };
    const ended = { ...record, status: 'FAILED', version: 3, failure, ...change } as OrderRecord;
    expect(decodeOutcome(ended).EventClass).toBe(OrderFailedEvent);
    expect(decodeOutcome({ ...ended, status: 'COMPLETED' }).EventClass).toBe(OrderCompletedEvent);
    expect(toOrder(ended).failure?.code).toMatch(/^[A-Z][A-Z0-9_]{0,63}$/);
    for (const { traceId } of timelineOf(ended).steps) expect(traceId).toBeUndefined();
  });
});
