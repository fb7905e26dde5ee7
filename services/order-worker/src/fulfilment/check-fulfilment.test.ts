import { describe, expect, it } from '@jest/globals';
import { OrderCompletedEvent, OrderFailedEvent } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { newOrderRecord, toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { aDelivery } from '@orderflow/testing/delivery';
import { anyCharacter } from '@orderflow/testing/hostile-bodies';
import { decodeEvent } from '@orderflow/platform/events/decode';
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

const record = newOrderRecord({
  orderId: newId(),
  request: {
    customerId: 'customer-1',
    items: [{ productId: 'sku-1', productName: 'Kettle', quantity: 1, unitPrice: 1 }],
    totalAmount: 1,
  },
  requestHash: 'hash',
  correlationId: 'correlation-1',
  now: 0,
  outboxAt: 0,
});

/** What the queue of the notifications receives of an order that ended like this. */
function decodeOutcome(ended: OrderRecord) {
  const event = orderOutcome(ended);
  if (!event) throw new Error('an order that has ended has an event');
  const body = JSON.stringify({ source: event.source, 'detail-type': event.type, detail: event.detail });
  return decodeEvent<object>(body, [OrderCompletedEvent, OrderFailedEvent]);
}

const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 2_000 }),
  fc.constantFrom('out-of-stock', '', ' ', '\u0000', '\ud800', '🫖', '\u202eabc', 'x'.repeat(5_000)),
  fc.anything({ withBigInt: true, withNullPrototype: true }),
);

describe('an answer of the warehouse', () => {
  it('that refuses an order makes an outcome whose event is valid, whatever code and message are', async () => {
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

  it('that is no answer is an error, and the order is tried again', async () => {
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

  it('that throws as it is read is an error', async () => {
    const answer = {
      get fulfilled(): boolean {
        throw new Error('no such field');
      },
    };
    await expect(fulfil(answer)).rejects.toThrow('no such field');
  });

  it('that fulfils an order stays as it is, without what it says besides', async () => {
    expect(await fulfil({ fulfilled: true, tracking: 'x' })).toEqual({ fulfilled: true });
  });
});

describe('an order that was stored with what the contract does not take', () => {
  const stored: [string, object][] = [
    ['a code in the wrong case', { failure: { code: 'out-of-stock', message: 'None left.', retriable: false } }],
    ['an empty message', { failure: { code: 'OUT_OF_STOCK', message: '', retriable: false } }],
    ['half a failure', { failure: {} }],
    ['a failure that is text', { failure: 'out of stock' }],
    ['a correlation id that is too long', { correlationId: 'x'.repeat(200) }],
    ['a correlation id of several lines', { correlationId: 'a\nb' }],
    ['no correlation id', { correlationId: undefined }],
    ['a traceparent that is none', { traceparent: 'ff-x' }],
    ['a traceparent that is no text', { traceparent: 7 }],
    ['a traceparent of the outcome that is none', { outcomeTraceparent: '' }],
  ];

  it.each(stored)('as %s has a valid event all the same', (_, change) => {
    const failure = { code: 'OUT_OF_STOCK', message: 'None left.', retriable: false };
    const ended = { ...record, status: 'FAILED', version: 3, failure, ...change } as OrderRecord;
    expect(decodeOutcome(ended).EventClass).toBe(OrderFailedEvent);
    expect(decodeOutcome({ ...ended, status: 'COMPLETED' }).EventClass).toBe(OrderCompletedEvent);
    expect(toOrder(ended).failure?.code).toMatch(/^[A-Z][A-Z0-9_]{0,63}$/);
    for (const { traceId } of timelineOf(ended).steps) expect(traceId).toBeUndefined();
  });
});
