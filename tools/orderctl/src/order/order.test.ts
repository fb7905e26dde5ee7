import { expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { newNotificationRecord } from '@orderflow/domain/notifications/notification';
import { createFakeSystem } from '@orderflow/testing/orderctl/fake-system';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';
import { aFailedOrder } from '@orderflow/testing/orderctl/orders';
import { order } from './order.js';

it.each([0, 1, 99, 100, 101, 250])('shows all %i notifications of an order', async (count) => {
  const fake = createFakeSystem();
  const record = aFailedOrder();
  fake.put(record);
  const request = { orderId: record.orderId, message: 'Hello', channel: 'EMAIL' as const };
  for (let i = 0; i < count; i++) {
    const context = { requestHash: '', correlationId: 'c', now: 1_000_000 + i, outboxAt: 0 };
    fake.aws.dynamo.seed(
      fake.system.names.notificationsTable,
      newNotificationRecord({ notificationId: newId(), request, ...context }),
    );
  }
  const terminal = createFakeTerminal();
  expect(await order(fake.system, terminal, record.orderId, { json: true })).toBe(0);
  const shown = JSON.parse(terminal.written()) as { notifications: object[] };
  expect(shown.notifications).toHaveLength(count);
});

it('counts every republication in the timeline, even those that outboxAttempts leaves out', async () => {
  const fake = createFakeSystem();
  const { timeline, ...record } = aFailedOrder();
  const republished = { at: record.updatedAt, version: 1 };
  const marker = { outboxShard: 0, outboxAt: 5_000, outboxAttempts: 1 };
  fake.put({ ...record, ...marker, timeline: { ...timeline, republished_1: republished, republished_2: republished } });
  const terminal = createFakeTerminal();
  expect(await order(fake.system, terminal, record.orderId, {})).toBe(0);
  expect(terminal.written()).toContain('republished 2 times');
});
