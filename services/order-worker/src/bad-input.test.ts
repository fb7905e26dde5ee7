import { describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { anOrder, messageOf } from '@orderflow/testing/order-worker/orders';
import { startWarmWorker, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';

describe('bad input', () => {
  const good = (system: OrderSystem) => anOrder(system).message;
  const changed = ({ detail, ...message }: ReturnType<typeof good>, change: object) => ({
    ...message,
    detail: Object.assign({}, detail, change),
  });
  const cases: [string, string, string | undefined, (system: OrderSystem) => unknown][] = [
    ['no JSON', 'NOT_JSON', undefined, () => 'hello'],
    ['no envelope', 'NOT_AN_ENVELOPE', 'detail-type', () => ({ hello: 1 })],
    ['no data', 'NOT_AN_ENVELOPE', 'detail.data', (s) => changed(good(s), { data: [] })],
    ['unknown type', 'UNKNOWN_EVENT_TYPE', 'detail-type', (s) => ({ ...good(s), 'detail-type': 'OrderShipped' })],
    [
      'unknown version',
      'UNKNOWN_EVENT_VERSION',
      'detail.metadata.version',
      (s) => {
        const message = good(s);
        return changed(message, { metadata: Object.assign({}, message.detail.metadata, { version: 2 }) });
      },
    ],
    [
      'invalid event',
      'INVALID_EVENT',
      'detail.data.items[0].quantity',
      (s) => {
        const message = structuredClone(good(s));
        message.detail.data.items[0]!.quantity = 1.5;
        return message;
      },
    ],
    [
      'unknown order',
      'UNKNOWN_ITEM',
      'detail.data.orderId',
      (s) => {
        const { record } = anOrder(s);
        return messageOf({ ...record, orderId: newId() });
      },
    ],
  ];

  it.each(cases)(
    '%s is dead-lettered as %s, and the rest of its batch is completed',
    async (_name, code, path, bad) => {
      const system = await startWarmWorker();
      const deletes = system.aws.sqs.callsOf('DeleteMessageBatch').length;
      const [before, after] = [anOrder(system), anOrder(system)];
      const body = bad(system);
      system.send(before.message);
      const messageId = system.send(body);
      system.send(after.message);
      expect((await system.outcomes.take(3)).sort()).toEqual(['dead-lettered', 'processed', 'processed']);
      await system.worker.stop();
      const letters = system.deadLetters();
      expect(letters).toMatchObject([
        {
          code,
          originalMessageId: messageId,
          attempts: '1',
          body: typeof body === 'string' ? body : JSON.stringify(body),
        },
      ]);
      expect((letters[0] as { path?: string }).path).toBe(path);
      for (const { orderId } of [before, after]) expect(system.order(orderId)?.status).toBe('COMPLETED');
      expect(system.queued()).toEqual([]);
      expect(system.aws.sqs.callsOf('DeleteMessageBatch')).toHaveLength(deletes + 1);
    },
  );

  it('deletes only the finished messages of a mixed batch', async () => {
    const system = await startWarmWorker();
    system.plan.fulfil = async ({ items }) => {
      if (items[0]?.productId === 'fails') throw new Error('no');
      return { fulfilled: true };
    };
    const failing = anOrder(system, 'fails');
    const failingId = system.send(failing.message);
    system.send('not JSON');
    const fine = anOrder(system);
    system.send(fine.message);
    system.send(fine.message);
    expect((await system.outcomes.take(4)).sort()).toEqual(['dead-lettered', 'duplicate', 'processed', 'retry']);
    await system.worker.stop();
    expect(system.queued().map(({ id }) => id)).toEqual([failingId]);
    expect(system.order(fine.orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
    expect(system.order(failing.orderId)).toMatchObject({ status: 'PROCESSING' });
  });
});
