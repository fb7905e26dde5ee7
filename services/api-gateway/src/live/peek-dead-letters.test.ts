import { describe, expect, it } from '@jest/globals';
import { resourceNames, type DeadLetterList } from '@orderflow/contracts';
import { newId, replayIdFor } from '@orderflow/domain/ids';
import { orderCreated, orderOutcome } from '@orderflow/domain/orders/order-events';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { bodyOf, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';
import { aStoredOrder } from '@orderflow/testing/stored-orders';

const names = resourceNames('test');

const attributesOf = (texts: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(texts).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }] as const),
  );

function deadLetter(api: Api, queueUrl: string, attributes: Record<string, string>): void {
  const body = JSON.stringify({ 'detail-type': 'OrderCreated', detail: { data: { orderId: 'o-1' } } });
  api.aws.sqs.enqueue(queueUrl, body, attributesOf(attributes));
}

describe('GET /api/dead-letters', () => {
  it('shows each message once, with its reason, and leaves it in the queue', async () => {
    const api = await startApi();
    const queueUrl = queueUrlOf(names.orderDeadLetterQueue);
    const attributes = { code: 'INVALID_EVENT', reason: 'detail.data.items: must be a list', originalMessageId: 'm-1' };
    for (let copy = 0; copy < 2; copy++) deadLetter(api, queueUrl, attributes);
    deadLetter(api, queueUrlOf(names.undeliveredQueue), { ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'no' });
    const answer = await api.get('/api/dead-letters');
    expect(answer.status).toBe(200);
    const { items } = bodyOf<DeadLetterList>(answer);
    expect(items.map(({ queue, code, reason, orderId }) => [queue, code, reason, orderId]).sort()).toEqual([
      ['orders', 'INVALID_EVENT', 'detail.data.items: must be a list', 'o-1'],
      ['undelivered', 'NO_PERMISSIONS', 'no', 'o-1'],
    ]);
    expect(items[0]).not.toHaveProperty('body');
    expect(bodyOf<DeadLetterList>(await api.get('/api/dead-letters')).items).toHaveLength(2);
  });

  it('says how many there are when it does not show all', async () => {
    const api = await startApi();
    const attributes = { code: 'INVALID_EVENT', reason: 'no' };
    for (let letter = 0; letter < 25; letter++) {
      deadLetter(api, queueUrlOf(names.orderDeadLetterQueue), { ...attributes, originalMessageId: `m-${letter}` });
    }
    const { items, total } = bodyOf<DeadLetterList>(await api.get('/api/dead-letters'));
    expect({ shown: items.length, total }).toEqual({ shown: 10, total: 25 });
  });

  describe('says why a replay would not start the order', () => {
    const stored = aStoredOrder();
    const readable = (change: object = {}) => {
      const { source, type, detail } = orderCreated({ ...stored, ...change });
      return JSON.stringify({ source, 'detail-type': type, detail });
    };
    const letters: [what: string, refusal: string | undefined, body: string, attributes?: Record<string, string>][] = [
      ['a readable order', undefined, readable()],
      ['a body that is not JSON', 'NOT_JSON', 'one book, please'],
      ['no envelope', 'NOT_AN_ENVELOPE', '{"order":1}'],
      ['an event of another queue', 'UNKNOWN_EVENT_TYPE', readable().replace('OrderCreated', 'OrderFailed')],
      ['another publisher', 'UNKNOWN_EVENT_SOURCE', readable().replace('api-gateway', 'order-worker')],
      ['another version', 'UNKNOWN_EVENT_VERSION', readable().replace('"version":1', '"version":9')],
      ['a wrong field', 'INVALID_EVENT', readable({ totalAmount: -1 })],
      ['an edited order', 'EVENT_MISMATCH', readable().replace('"quantity":1', '"quantity":9')],
      ['another order than the stored one', 'EVENT_MISMATCH', readable({ customerId: 'somebody-else' })],
      ['an order that does not exist', 'UNKNOWN_ITEM', readable({ orderId: newId() })],
      ['a letter that was replayed too often', 'REPLAYED_TOO_OFTEN', readable(), { replayCount: '5' }],
    ];
    it.each(letters)('%s: %s', async (_, refusal, body, attributes = {}) => {
      const api = await startApi();
      api.aws.dynamo.seed(names.ordersTable, stored);
      const told = { code: 'ANY', reason: 'why', originalMessageId: 'm-1', ...attributes };
      api.aws.sqs.enqueue(queueUrlOf(names.orderDeadLetterQueue), body, attributesOf(told));
      const [letter] = bodyOf<DeadLetterList>(await api.get('/api/dead-letters')).items;
      expect(letter?.replayRefusal?.split(':')[0]).toBe(refusal);
    });

    const completed = { ...stored, status: 'COMPLETED', version: 3 } as const;
    it.each([
      ['is the stored one', undefined, completed],
      ['was replaced by another', 'OUTCOME_SUPERSEDED', { ...completed, version: 5 }],
      ['never happened', 'EVENT_MISMATCH', stored],
    ] as const)('because its outcome %s: %s', async (_, refusal, order) => {
      const api = await startApi();
      api.aws.dynamo.seed(names.ordersTable, order);
      const { source, type, detail } = orderOutcome(completed)!;
      const body = JSON.stringify({ source, 'detail-type': type, detail });
      api.aws.sqs.enqueue(queueUrlOf(names.notificationDeadLetterQueue), body, attributesOf({ code: 'ANY' }));
      const [letter] = bodyOf<DeadLetterList>(await api.get('/api/dead-letters')).items;
      expect(letter?.replayRefusal?.split(':')[0]).toBe(refusal);
    });

    it('because its replay has already started it', async () => {
      const api = await startApi();
      api.aws.dynamo.seed(names.ordersTable, { ...stored, lastReplayId: replayIdFor('m-1') });
      const told = { code: 'ANY', originalMessageId: 'm-1' };
      api.aws.sqs.enqueue(queueUrlOf(names.orderDeadLetterQueue), readable(), attributesOf(told));
      const [letter] = bodyOf<DeadLetterList>(await api.get('/api/dead-letters')).items;
      expect(letter?.replayRefusal).toMatch(/already/);
    });

    it('because its queue belongs to another system', async () => {
      const api = await startApi();
      const target = { DataType: 'String', StringValue: 'arn:aws:sqs:us-east-1:0:somewhere-else' };
      api.aws.sqs.enqueue(queueUrlOf(names.undeliveredQueue), readable(), { TARGET_ARN: target });
      const [letter] = bodyOf<DeadLetterList>(await api.get('/api/dead-letters')).items;
      expect(letter?.replayRefusal).toMatch(/^UNKNOWN_TARGET: /);
    });

    it('reads only the letter while the tables cannot be read', async () => {
      const api = await startApi();
      api.aws.dynamo.failAlways('BatchGet', connectionRefused);
      for (const body of [readable(), 'one book, please'])
        api.aws.sqs.enqueue(queueUrlOf(names.orderDeadLetterQueue), body, {});
      const { items } = bodyOf<DeadLetterList>(await api.get('/api/dead-letters'));
      expect(items.map(({ replayRefusal }) => replayRefusal?.split(':')[0]).sort()).toEqual(['NOT_JSON', undefined]);
    });
  });

  it('cuts long attributes of a letter, and drops its body', async () => {
    const api = await startApi();
    const long = 'é'.repeat(100_000);
    const body = JSON.stringify({ 'detail-type': long, detail: { data: { orderId: long } } });
    const text = (StringValue: string) => ({ DataType: 'String', StringValue });
    const attributes = { code: text(long), reason: text(long), path: text(long), originalMessageId: text(long) };
    for (let i = 0; i < 3; i++) api.aws.sqs.enqueue(queueUrlOf(names.orderDeadLetterQueue), body, attributes);
    const answer = await api.get('/api/dead-letters');
    expect(bodyOf<DeadLetterList>(answer).items[0]?.reason).toBe(`${'é'.repeat(500)}…`);
    expect(answer.text.length).toBeLessThan(20_000);
  });

  it('is empty when there are none, without a receive', async () => {
    const api = await startApi();
    expect(bodyOf<DeadLetterList>(await api.get('/api/dead-letters'))).toEqual({ items: [], total: 0 });
    expect(api.aws.sqs.callsOf('ReceiveMessage')).toEqual([]);
  });
});
