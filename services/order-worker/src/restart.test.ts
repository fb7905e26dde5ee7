import { describe, expect, it } from '@jest/globals';
import { newId, replayIdFor } from '@orderflow/domain/ids';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { restartItem } from '@orderflow/platform/work-item/restart';
import { exhaust } from '@orderflow/testing/order-worker/exhaust';
import { anOrder, messageOf } from '@orderflow/testing/order-worker/orders';
import { NAMES, startOrderWorker, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';

describe('an order that is started again from its item', () => {
  const table = ordersTable(NAMES);

  async function restartOrder(system: OrderSystem, orderId: string, replayId: string) {
    const seen = system.order(orderId) as OrderRecord;
    const request = { seen, replayId, outboxShard: 3, markerDelayMs: 5_000 };
    return restartItem(createStatementExecutor(system.aws.dynamo), table, request, system.now);
  }

  it('is completed by its event, and not started again by its dead letter', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    const { orderId, message } = anOrder(system);
    const messageId = await exhaust(system, message);
    expect(await restartOrder(system, orderId, replayIdFor(messageId))).toMatchObject({ kind: 'restarted' });
    expect(system.order(orderId)).toMatchObject({ status: 'PENDING', effects: 0, outboxAt: system.now() + 5_000 });

    system.send(messageOf(system.order(orderId) as OrderRecord));
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
    const completed = system.order(orderId);
    system.redrive();
    system.send(message, { replayId: replayIdFor(messageId) });
    expect(await system.outcomes.take(2)).toEqual(['duplicate', 'duplicate']);
    expect(system.order(orderId)).toEqual(completed);
    expect(await restartOrder(system, orderId, newId())).toMatchObject({ kind: 'refused' });
  });

  it('can be completed by its dead letter first', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '1' });
    const { orderId, message } = anOrder(system);
    const messageId = await exhaust(system, message);
    await restartOrder(system, orderId, replayIdFor(messageId));
    system.redrive();
    expect(await system.outcomes.next()).toBe('processed');
    system.send(messageOf(system.order(orderId) as OrderRecord));
    expect(await system.outcomes.next()).toBe('duplicate');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
  });
});
