import { describe, expect, it } from '@jest/globals';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { aDelivery } from '@orderflow/testing/delivery';
import { createFakeSqs } from '@orderflow/testing/aws/fake-sqs';
import { silentLogger } from '@orderflow/testing/silent-logger';
import {
  readAttributes,
  writeAttributes,
  type ForeignAttributes,
  type MessageAttribute,
} from './message-attributes.js';
import { sendLetter } from './with-dead-letter.js';
import { toDelivery } from './delivery.js';
import { OutageCounts } from './outage-counts.js';

const OURS = ['code', 'reason', 'path', 'attempts', 'firstReceivedAt', 'replayCount', 'packedAttributes'];
const NAMES = ['Content-Encoding', 'sender', 'a.b', '__proto__', 'constructor', 'toJSON', 'then', ...OURS];

const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((value) => !/\p{Cc}/u.test(value));
const attribute: fc.Arbitrary<MessageAttribute> = fc.oneof(
  fc.record({ type: fc.constantFrom('String', 'String.foo', 'String.Array'), value: text }),
  fc.record({ type: fc.constantFrom('Number', 'Number.int'), value: fc.integer().map(String) }),
  fc.record({
    type: fc.constantFrom('Binary', 'Binary.gzip'),
    value: fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  }),
);
const name = fc.oneof(fc.constantFrom(...NAMES), fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/));
/** Up to ten foreign attributes with any names, including ours. */
const foreignAttributes: fc.Arbitrary<ForeignAttributes> = fc
  .uniqueArray(fc.tuple(name, attribute), { maxLength: 10, selector: ([key]) => key })
  .filter((entries) => !entries.some(([key]) => key === 'originalMessageId' || key === 'replayId'))
  .map((entries) => Object.fromEntries(entries));

/** Sends attributes as JSON and receives them again. */
const overTheWire = (attributes: Record<string, MessageAttributeValue>) =>
  JSON.parse(JSON.stringify(attributes)) as Record<string, MessageAttributeValue>;

const CONTEXT = { logger: silentLogger, outages: new OutageCounts(), maxAttempts: 10 };

const receive = (attributes: Record<string, MessageAttributeValue>, messageId: string) =>
  toDelivery(
    { MessageId: messageId, Body: 'body', MessageAttributes: overTheWire(attributes) },
    { ...CONTEXT, now: 1_000, replayIdOf: (id) => `replay of ${id}` },
  );

async function letterOf(delivery: ReturnType<typeof receive>, reason = 'why') {
  const sqs = createFakeSqs({ queues: [{ name: 'dead' }] });
  await sendLetter(sqs, queueUrlOf('dead'), delivery, { code: 'BAD', message: reason, path: 'detail' });
  return sqs.messages(queueUrlOf('dead'))[0]?.attributes ?? {};
}

describe('foreign attributes', () => {
  it('survive repeated dead-lettering and replays', async () => {
    await fc.assert(
      fc.asyncProperty(foreignAttributes, fc.integer({ min: 1, max: 3 }), async (foreign, rounds) => {
        let delivery = receive(writeAttributes({}, foreign), 'm0');
        for (let round = 1; round <= rounds; round++) {
          const letter = overTheWire(await letterOf(delivery));
          const read = readAttributes(letter);
          expect(read.letter).toMatchObject({ originalMessageId: delivery.messageId, code: 'BAD', path: 'detail' });
          const own = { replayId: `r${round}`, replayCount: String(read.replayCount + 1) };
          delivery = receive(writeAttributes(own, read.foreign), `m${round}`);
          expect(delivery).toMatchObject({ replayId: `r${round}`, replayCount: round });
          expect(delivery.foreign).toEqual(foreign);
        }
      }),
    );
  });

  it('survive a redrive', async () => {
    await fc.assert(
      fc.asyncProperty(foreignAttributes, async (foreign) => {
        const moved = receive(await letterOf(receive(writeAttributes({}, foreign), 'm0')), 'm1');
        expect(moved).toMatchObject({ replayId: 'replay of m0', replayCount: 1 });
        expect(moved.foreign).toEqual(foreign);
        const again = receive(await letterOf(moved), 'm2');
        expect(again).toMatchObject({ replayId: 'replay of m1', replayCount: 2 });
        expect(again.foreign).toEqual(foreign);
      }),
    );
  });

  it('never exceed the limit of SQS', () => {
    fc.assert(
      fc.property(foreignAttributes, fc.dictionary(fc.constantFrom(...OURS.slice(0, 6)), text), (foreign, own) => {
        expect(Object.keys(writeAttributes(own, foreign)).length).toBeLessThanOrEqual(10);
      }),
    );
  });
});

const string = (value: string): MessageAttributeValue => ({ DataType: 'String', StringValue: value });

describe('toDelivery', () => {
  it.each([
    ['nothing', {}],
    ['an empty replay id', { replayId: string('') }],
    ['a replay id that is too long for an item', { replayId: string('x'.repeat(129)) }],
    ['a binary replay id', { replayId: { DataType: 'Binary', BinaryValue: Buffer.from('r1') } }],
    ['a code without an original message id', { code: string('BAD'), reason: string('why') }],
    ['a count without a replay', { replayCount: string('3') }],
    ['an attribute without a value', { sender: { DataType: 'String' } }],
  ])('does not treat a message with %s as a replay', (_what, attributes) => {
    expect(receive(attributes, 'm1')).toMatchObject({ replayId: undefined, replayCount: 0 });
  });

  it.each(['', 'many', '-1', '1e9', 'NaN', '99999999999999999999'])('reads %j as replay count 0', (count) => {
    const delivery = receive({ replayId: string('r1'), replayCount: string(count) }, 'm1');
    expect(delivery).toMatchObject({ replayId: 'r1', replayCount: 0 });
  });

  it('treats a message with only an original id as its replay', () => {
    expect(receive({ originalMessageId: string('m0') }, 'm1')).toMatchObject({
      replayId: 'replay of m0',
      replayCount: 1,
      foreign: { originalMessageId: { type: 'String', value: 'm0' } },
    });
  });

  it('counts attempts: not the receives that ended in an outage, and no more than the maximum', () => {
    const outages = new OutageCounts();
    outages.add('m1');
    const attemptsAt = (count: number) => {
      const system = { ApproximateReceiveCount: String(count) };
      const context = { ...CONTEXT, outages, now: 1_000, replayIdOf: (id: string) => id };
      const { attempt, isExhausted } = toDelivery({ MessageId: 'm1', Attributes: system }, context);
      return { attempt, isExhausted };
    };
    expect(attemptsAt(2)).toEqual({ attempt: 1, isExhausted: false });
    expect(attemptsAt(11)).toEqual({ attempt: 10, isExhausted: false });
    expect(attemptsAt(12)).toEqual({ attempt: 10, isExhausted: true });
  });

  it('does not unpack foreign text', () => {
    for (const value of ['{}', '[1]', '[["a","String"]]', 'no JSON']) {
      const attributes = { replayId: string('r1'), packedAttributes: string(value) };
      expect(receive(attributes, 'm1').foreign).toEqual({ packedAttributes: { type: 'String', value } });
    }
  });

  it('replaces invalid system attributes by defaults', async () => {
    const anything = fc.oneof(fc.string(), fc.constantFrom('NaN', '1e300', '-5', '0.5', '8640000000000001'));
    const options = { ...CONTEXT, now: 7_000, replayIdOf: (id: string) => id };
    await fc.assert(
      fc.asyncProperty(anything, anything, anything, async (count, sent, first) => {
        const system = {
          ApproximateReceiveCount: count,
          SentTimestamp: sent,
          ApproximateFirstReceiveTimestamp: first,
        };
        const delivery = toDelivery({ MessageId: 'm1', Body: 'body', Attributes: system }, options);
        expect(delivery.receiveCount).toBeGreaterThanOrEqual(1);
        expect(() => new Date(delivery.sentAt).toISOString()).not.toThrow();
        await letterOf(delivery);
      }),
    );
    const { receiveCount, sentAt, firstReceivedAt } = toDelivery({}, options);
    expect({ receiveCount, sentAt, firstReceivedAt }).toEqual({
      receiveCount: 1,
      sentAt: 7_000,
      firstReceivedAt: 7_000,
    });
    expect(aDelivery().foreign).toEqual({});
  });
});
