import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { audit } from '@orderflow/orderctl/audit/audit';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { eventually } from '@orderflow/testing/eventually';
import { createApiClient, orderFor } from '../support/api-client.js';
import { startEmbeddedSystem } from '../support/embedded-system.js';
import { startEmptyEmulator, type Emulator } from '../support/emulator.js';
import { connectOperator } from '../support/operator.js';
import type { System } from '../support/system.js';
import { purge } from '../support/audit-items.js';

describe('the audit of a running system', () => {
  let emulator: Emulator;
  let running: System;
  let system: ConnectedSystem;
  const api = createApiClient(() => running.apiUrl());
  const toleranceMs = 1_000;
  const run = () => audit(system, { now: Date.now, pause: setTimeout }, { toleranceMs });

  beforeAll(async () => {
    emulator = await startEmptyEmulator();
    // The sweeper is off.
    running = await startEmbeddedSystem({ emulator, env: { SWEEP_INTERVAL_MS: '3600000' } });
    system = await connectOperator(emulator.url);
  }, 180_000);

  afterAll(async () => {
    system.aws.close();
    await running.dispose();
    await emulator.dispose();
  }, 60_000);

  it('finds nothing under load, and then only the order whose message was deleted', async () => {
    const orders = await Promise.all(Array.from({ length: 20 }, () => api.createOrder(orderFor('book-1'))));
    expect((await run()).findings).toEqual([]);
    await Promise.all(orders.map(({ orderId }) => api.orderInState(orderId, 'COMPLETED')));

    await running.stop('order-worker');
    const { orderId } = await api.createOrder(orderFor('book-1'));
    await eventually(async () => {
      const { queues } = await run();
      return queues[system.names.orderQueue]?.visible === 1;
    }, 'its message');
    await purge(system, system.names.orderQueue);
    const report = await eventually(async () => {
      const now = await run();
      return now.findingCount > 0 ? now : undefined;
    }, 'the finding');
    expect(report.findings).toMatchObject([{ kind: 'overdue', id: orderId, lastSeen: { step: 'accepted' } }]);
    expect(report.orders).toMatchObject({ total: 21, terminal: 20, lost: 1 });

    // The same with the sweeper on.
    await running.dispose();
    running = await startEmbeddedSystem({ emulator, build: false });
    await api.orderInState(orderId, 'COMPLETED');
    await eventually(async () => {
      const { findingCount, orders: totals } = await run();
      return findingCount === 0 && totals.markers === 0;
    }, 'a clean audit with nothing under way');
  }, 120_000);
});
