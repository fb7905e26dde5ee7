import { describe, expect, it } from '@jest/globals';
import { contentHashOf, type OutgoingEvent } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { erasureOf } from '@orderflow/domain/orders/erased-order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { createFakeSystem } from '@orderflow/testing/orderctl/fake-system';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';
import { aFailedOrder, bodyOf } from '@orderflow/testing/orderctl/orders';
import { replay } from './replay.js';

const LETTER = { code: 'RECEIVES_EXHAUSTED', reason: 'why', originalMessageId: 'm1' };

type Envelope = { detail: { metadata: Record<string, unknown>; data: Record<string, unknown> } };
type Operation = { op: string; path: string; value?: unknown };
type Done = { result: string; code?: string; reason?: string };

const set = (path: string, value: unknown): Operation => ({ op: 'replace', path, value });

/** Replays a letter about a stored order. `sent`: the bodies in the order queue. */
async function replayed(order: OrderRecord, body: string, patch: readonly Operation[] = []) {
  const fake = createFakeSystem();
  fake.put(order);
  fake.deadLetter(body, LETTER);
  const terminal = createFakeTerminal();
  const options = { all: true, json: true, maxReplays: 5 };
  const exitCode = await replay(
    fake.system,
    terminal,
    patch.length === 0 ? options : { ...options, patch: JSON.stringify(patch) },
  );
  const sent = fake.queue('orderQueue').map(({ body: text }) => JSON.parse(text) as Envelope);
  const done = JSON.parse(terminal.written()) as Done;
  return { exitCode, sent, done, left: fake.queue('orderDeadLetterQueue').length };
}

const REFUSED = { exitCode: 1, sent: [], left: 1, done: { result: 'refused', code: 'EVENT_MISMATCH' } };
const dropHash: Operation = { op: 'remove', path: '/detail/metadata/contentHash' };

describe('a patch that changes what was ordered', () => {
  const order = aFailedOrder();
  const { data } = (JSON.parse(bodyOf(order)) as Envelope).detail;

  it.each([
    ['the customer', [set('/detail/data/customerId', 'customer-2')]],
    ['the quantity', [set('/detail/data/items/0/quantity', 2), set('/detail/data/totalAmount', 25)]],
    ['the time of the order', [set('/detail/data/createdAt', '2031-01-01T00:00:00.000Z')]],
    ['a property that no worker knows', [{ op: 'add', path: '/detail/data/more', value: 1 }]],
  ])('is refused: %s', async (_what, patch) => {
    // With the hash of the real data, without a hash, and with the hash of the patched data.
    expect(await replayed(order, bodyOf(order), patch)).toMatchObject(REFUSED);
    const refused = await replayed(order, bodyOf(order), [...patch, dropHash]);
    expect(refused).toMatchObject(REFUSED);
    expect(refused.done.reason).toBe(`it says something else than the stored order ${order.orderId}`);
  });

  it('is refused even with a hash that fits the patched data', async () => {
    const contentHash = contentHashOf({ ...data, customerId: 'customer-2' });
    const patch = [set('/detail/data/customerId', 'customer-2'), set('/detail/metadata/contentHash', contentHash)];
    expect(await replayed(order, bodyOf(order), patch)).toMatchObject(REFUSED);
  });
});

describe('a letter about an erased order', () => {
  it('is refused with a sentence, and stays in its queue', async () => {
    const order = aFailedOrder();
    const { set, remove } = erasureOf(order, '2027-03-14');
    const erased = Object.fromEntries(Object.entries({ ...order, ...set }).filter(([name]) => !remove.includes(name)));
    const { done, ...rest } = await replayed(erased as OrderRecord, bodyOf(order));
    expect(rest).toEqual({ exitCode: 1, sent: [], left: 1 });
    expect(done).toMatchObject({ result: 'refused', code: 'ERASED' });
    const { orderId } = order;
    expect(done.reason).toBe(`the personal data of order ${orderId} was erased; drop this letter, which still has it`);
  });
});

describe('a patch of the envelope', () => {
  const order = aFailedOrder();
  const repaired = (JSON.parse(bodyOf(order)) as Envelope).detail.metadata.contentHash;

  it.each([
    ['the correlation id', {}, [set('/detail/metadata/correlationId', 'mine')]],
    ['the event id', {}, [set('/detail/metadata/eventId', newId())]],
    ['the version', { version: 9 }, [set('/detail/metadata/version', 1)]],
    ['the content hash', { contentHash: 'x'.repeat(43) }, [set('/detail/metadata/contentHash', repaired)]],
    ['no content hash', { contentHash: 'x'.repeat(43) }, [dropHash]],
  ])('is sent: %s', async (_what, spoilt, patch) => {
    const envelope = JSON.parse(bodyOf(order)) as Envelope;
    Object.assign(envelope.detail.metadata, spoilt);
    const { exitCode, sent, left } = await replayed(order, JSON.stringify(envelope), patch);
    expect({ exitCode, left, data: sent.map(({ detail }) => detail.data) }).toEqual({
      ...{ exitCode: 0, left: 0, data: [envelope.detail.data] },
    });
  });
});

describe('a patch that repairs the data', () => {
  it('is sent when the data are as they were ordered', async () => {
    const order = aFailedOrder();
    const spoilt = bodyOf(order).replace('"totalAmount":12.5', '"totalAmount":"a lot"');
    const refused = { ...REFUSED, done: { result: 'refused', code: 'INVALID_EVENT' } };
    expect(await replayed(order, spoilt)).toMatchObject(refused);
    expect(await replayed(order, spoilt, [set('/detail/data/totalAmount', 11)])).toMatchObject(REFUSED);
    expect(await replayed(order, spoilt, [set('/detail/data/totalAmount', 12.5)])).toMatchObject({ exitCode: 0 });
  });

  it('is sent for an order that an older version accepted, whose content is not known', async () => {
    const { contentHash: _hash, ...order } = aFailedOrder();
    const patch = [set('/detail/data/customerId', 'customer-2'), dropHash];
    expect(await replayed(order, bodyOf(order), patch)).toMatchObject({ exitCode: 0 });
  });
});

describe('a letter that says something else than the stored order', () => {
  it('is refused without a patch, and sent with one that restores what was ordered', async () => {
    const order = aFailedOrder();
    const forged = bodyOf({ ...order, customerId: 'customer-2' });
    expect(await replayed(order, forged)).toMatchObject(REFUSED);
    const { customerId } = order;
    const restore = [set('/detail/data/customerId', customerId), dropHash];
    expect(await replayed(order, forged, restore)).toMatchObject({ exitCode: 0, left: 0 });
  });
});

describe("the letter of an order's outcome", () => {
  const order: OrderRecord = { ...aFailedOrder(), status: 'COMPLETED', version: 3 };
  const bodyOfEvent = ({ source, type, detail }: OutgoingEvent) =>
    JSON.stringify({ source, 'detail-type': type, detail });

  async function replayedOutcome(stored: OrderRecord, patch: readonly Operation[] = []) {
    const { system, put, aws } = createFakeSystem();
    put(stored);
    const attributes = Object.fromEntries(
      Object.entries(LETTER).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    );
    const body = bodyOfEvent(orderOutcome(order)!);
    aws.sqs.enqueue(queueUrlOf(system.names.notificationDeadLetterQueue), body, attributes);
    const terminal = createFakeTerminal();
    const options = { all: true, json: true, maxReplays: 5 };
    await replay(system, terminal, patch.length === 0 ? options : { ...options, patch: JSON.stringify(patch) });
    return JSON.parse(terminal.written()) as Done;
  }

  it("is sent if it is the stored order's", async () => {
    expect(await replayedOutcome(order)).toMatchObject({ result: 'replayed' });
    const patch = [set('/detail/metadata/correlationId', 'mine')];
    expect(await replayedOutcome(order, patch)).toMatchObject({ result: 'replayed' });
  });

  it.each([
    ['EVENT_MISMATCH', 'the order has not ended', { status: 'PROCESSING', version: 2 }, []],
    ['EVENT_MISMATCH', 'a patch changes it', {}, [set('/detail/data/customerId', 'customer-2'), dropHash]],
    ['OUTCOME_SUPERSEDED', 'the order has another outcome since', { version: 5 }, []],
  ] as const)('is refused with %s if %s', async (code, _when, change, patch) => {
    expect(await replayedOutcome({ ...order, ...change }, patch)).toMatchObject({ result: 'refused', code });
  });
});
