import { describe, expect, it } from '@jest/globals';
import { PermanentError } from '../runtime/errors.js';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { aDelivery } from '@orderflow/testing/delivery';
import { createFakeSqs } from '@orderflow/testing/aws/fake-sqs';
import type { Next } from './pipeline.js';
import { withDeadLetter } from './with-dead-letter.js';

const DEAD = queueUrlOf('dead');

function create(next: Next, exhausted: Next = async () => 'processed') {
  const sqs = createFakeSqs({ queues: [{ name: 'dead' }] });
  const steps: string[] = [];
  const recorded =
    (name: string, next: Next): Next =>
    (delivery) => {
      steps.push(`${name} after ${sqs.callsOf('SendMessage').length} sends`);
      return next(delivery);
    };
  const options = { queueUrl: DEAD, exhausted: recorded('exhausted', exhausted) };
  const handle = withDeadLetter(sqs, options)(recorded('handler', next));
  const attributes = () =>
    sqs
      .messages(DEAD)
      .map((message) =>
        Object.fromEntries(Object.entries(message.attributes).map(([name, { StringValue }]) => [name, StringValue])),
      );
  return { sqs, steps, handle, attributes };
}

const refuse =
  (message: string, details = {}) =>
  () =>
    Promise.reject(new PermanentError('BAD', message, details));

describe('withDeadLetter', () => {
  it('passes on outcomes and temporary errors', async () => {
    const error = new Error('no');
    const { handle, sqs } = create(async ({ body }) => {
      if (body === 'fails') throw error;
      return 'duplicate';
    });
    expect(await handle(aDelivery({ receiveCount: 10 }))).toBe('duplicate');
    await expect(handle(aDelivery({ body: 'fails' }))).rejects.toBe(error);
    expect(sqs.messages(DEAD)).toEqual([]);
  });

  it('sends a message that no retry can help to the dead-letter queue, with the reason', async () => {
    const { handle, sqs, steps, attributes } = create(refuse('too bad', { path: 'detail.data' }));
    const delivery = aDelivery({ body: 'as it came', receiveCount: 2, replayId: 'r1', replayCount: 2 });
    expect(await handle(delivery)).toBe('dead-lettered');
    expect(sqs.messages(DEAD).map(({ body }) => body)).toEqual(['as it came']);
    expect(attributes()).toEqual([
      {
        code: 'BAD',
        reason: 'too bad',
        path: 'detail.data',
        originalMessageId: 'm1',
        attempts: '2',
        firstReceivedAt: '1970-01-01T00:00:02.000Z',
        replayId: 'r1',
        replayCount: '2',
      },
    ]);
    expect(delivery.facts).toEqual({ code: 'BAD', reason: 'too bad', path: 'detail.data' });
    expect(steps).toEqual(['handler after 0 sends']);
  });

  it('ends the item of an exhausted message, then sends the copy, without the handler', async () => {
    const { handle, steps, attributes } = create(async () => 'processed');
    expect(await handle(aDelivery({ receiveCount: 11 }))).toBe('dead-lettered');
    expect(steps).toEqual(['exhausted after 0 sends']);
    expect(attributes()).toMatchObject([
      { code: 'RECEIVES_EXHAUSTED', reason: 'not finished after 10 attempts', attempts: '10' },
    ]);
  });

  it('counts attempts: receives that ended in an outage do not count', async () => {
    const { handle, steps } = create(async () => 'processed');
    expect(await handle(aDelivery({ receiveCount: 15, attempt: 10, isExhausted: false }))).toBe('processed');
    expect(steps).toEqual(['handler after 0 sends']);
  });

  it('keeps a message whose copy cannot be sent, and ends its item again later', async () => {
    const { handle, sqs, steps, attributes } = create(async () => 'processed');
    sqs.failNext('SendMessage', connectionRefused);
    await expect(handle(aDelivery({ receiveCount: 11 }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await handle(aDelivery({ receiveCount: 12 }))).toBe('dead-lettered');
    expect(steps).toEqual(['exhausted after 0 sends', 'exhausted after 1 sends']);
    expect(attributes()).toHaveLength(1);
  });

  it('sends one copy, however often ending the item or the ack fails', async () => {
    let failures = 3;
    const { handle, attributes, steps } = create(
      async () => 'processed',
      async () => {
        if (failures-- > 0) throw new Error('no');
        return 'processed';
      },
    );
    for (const receiveCount of [11, 12, 13]) await expect(handle(aDelivery({ receiveCount }))).rejects.toThrow('no');
    expect(attributes()).toEqual([]);
    // The ack fails each time.
    for (const receiveCount of [14, 15, 16]) expect(await handle(aDelivery({ receiveCount }))).toBe('dead-lettered');
    expect(steps).toHaveLength(4);
    expect(attributes()).toMatchObject([{ originalMessageId: 'm1', attempts: '10' }]);
  });

  it('sends one copy of a poison message and does not handle it again', async () => {
    const { handle, attributes, steps } = create(refuse('too bad'));
    const deliveries = [1, 2, 3].map((receiveCount) => aDelivery({ receiveCount }));
    for (const delivery of deliveries) expect(await handle(delivery)).toBe('dead-lettered');
    expect(await handle(aDelivery({ messageId: 'm2' }))).toBe('dead-lettered');
    expect(steps).toHaveLength(2);
    expect(deliveries[2]?.facts).toMatchObject({ code: 'BAD', reason: 'too bad' });
    expect(attributes().map(({ originalMessageId }) => originalMessageId)).toEqual(['m1', 'm2']);
  });

  it.each([
    ['a long reason', 500, { code: 'BAD', reason: 'x'.repeat(60), originalMessageId: 'm1' }],
    ['all attributes except those that identify copies', 100, { code: 'BAD', originalMessageId: 'm1' }],
    ['all our attributes', 20, {}],
  ])('leaves out %s when the copy is too large', async (_what, room, expected) => {
    const { handle, sqs, attributes } = create(refuse('x'.repeat(900), { path: 'detail.data' }));
    const foreign = { sender: { type: 'String', value: 'partner' } };
    const body = 'b'.repeat(1_048_576 - 'senderStringpartner'.length - room);
    expect(await handle(aDelivery({ body, foreign }))).toBe('dead-lettered');
    expect(sqs.messages(DEAD)[0]?.body).toBe(body);
    expect(attributes()).toHaveLength(1);
    expect(attributes()[0]).toMatchObject({ ...expected, sender: 'partner' });
    expect(attributes()[0]).not.toHaveProperty('path');
    expect(Object.keys(attributes()[0] ?? {}).length).toBe(1 + (room === 500 ? 5 : room === 100 ? 2 : 0));
  });

  it('does not drop attributes for a temporary error', async () => {
    const { handle, sqs } = create(refuse('too bad'));
    sqs.failNext('SendMessage', connectionRefused);
    await expect(handle(aDelivery())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(sqs.callsOf('SendMessage')).toHaveLength(1);
  });

  it('dead-letters an exhausted message that cannot be decoded', async () => {
    const { handle, attributes } = create(async () => 'processed', refuse('not JSON'));
    expect(await handle(aDelivery({ receiveCount: 11 }))).toBe('dead-lettered');
    expect(attributes()).toMatchObject([{ code: 'RECEIVES_EXHAUSTED' }]);
  });

  it.each([
    ['control characters', 'a\u0000b\nc\u007fd\ufffee', 'a b c d e'],
    ['an empty text', '', '-'],
    ['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
    ['a character that the cut would halve', `${'x'.repeat(999)}😀`, `${'x'.repeat(999)}\ufffd`],
    ['a very long text', 'y'.repeat(100_000), 'y'.repeat(1_000)],
  ])('makes %s valid for an SQS attribute', async (_name, message, expected) => {
    const { handle, attributes } = create(refuse(message));
    expect(await handle(aDelivery())).toBe('dead-lettered');
    expect(attributes()[0]?.reason).toBe(expected);
  });
});
