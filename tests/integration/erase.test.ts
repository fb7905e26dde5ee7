import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { audit } from '@orderflow/orderctl/audit/audit';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { drop } from '@orderflow/orderctl/dead-letters/drop';
import { eraseCustomer, type EraseOptions } from '@orderflow/orderctl/erase/erase';
import { restartAll } from '@orderflow/orderctl/restart/restart-all';
import { eventually } from '@orderflow/testing/eventually';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { createApiClient, orderFor } from '../support/api-client.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { connectOperator, createTerminal } from '../support/operator.js';
import { endOps, ops } from '../support/orderctl.js';

const CUSTOMER = 'alice@example.com';
const PRIVATE = /alice|Engraved for Alice|Dear Alice/;
const THIRTY_DAYS = 30 * 86_400;

type Rows = (OrderRecord | NotificationRecord)[];

describe('a customer of a running system', () => {
  let running: EmbeddedSystem;
  let system: ConnectedSystem;
  let api: ReturnType<typeof createApiClient>;

  beforeAll(async () => {
    running = await startEmbeddedSystem({ env: { RETENTION_DAYS: '30' } });
    system = await connectOperator(await running.awsEndpoint());
    api = createApiClient(() => running.apiUrl());
  }, 240_000);

  afterAll(async () => {
    endOps();
    system.aws.close();
    await running.dispose();
  }, 60_000);

  async function rows(): Promise<Rows> {
    const { ordersTable, notificationsTable } = system.names;
    const scans = [ordersTable, notificationsTable].map((name) =>
      system.aws.dynamo.send(new ScanCommand({ TableName: name, ConsistentRead: true })),
    );
    return (await Promise.all(scans)).flatMap(({ Items: items = [] }) => items as Rows);
  }

  const atRest = async (): Promise<Rows | undefined> => {
    const all = await rows();
    return all.every(({ expiresAt, outboxAt }) => expiresAt !== undefined && outboxAt === undefined) ? all : undefined;
  };

  async function erase(options: EraseOptions = { yes: true }) {
    const terminal = createTerminal();
    const exitCode = await eraseCustomer(system, terminal, CUSTOMER, options);
    return { exitCode, written: terminal.written(), said: terminal.said() };
  }

  const audited = () => audit(system, { now: Date.now, pause: () => Promise.resolve() });

  it('is erased from finished orders and notifications, and the books still add up', async () => {
    const place = (productId: string, customerId = CUSTOMER) =>
      api.createOrder(Object.assign(orderFor(productId, 'Engraved for Alice'), { customerId }));
    const exhausted = await place('test-fails-always');
    const completed = await place('book-1');
    const refused = await place('test-out-of-stock');
    const foreign = await api.createOrder(Object.assign(orderFor('book-2'), { customerId: 'bob' }));
    await api.createNotification({ orderId: completed.orderId, channel: 'SMS', message: 'Dear Alice' });
    await api.orderInState(exhausted.orderId, 'FAILED', 60_000);
    const before = await eventually(atRest, 'the end of all work', 60_000);
    // Four orders with a notification each, and the requested one.
    expect(before).toHaveLength(9);
    for (const { expiresAt = 0 } of before) {
      expect(expiresAt - Date.now() / 1_000).toBeGreaterThan(THIRTY_DAYS - 120);
      expect(expiresAt - Date.now() / 1_000).toBeLessThanOrEqual(THIRTY_DAYS + 1);
    }

    expect(await erase({ dryRun: true })).toMatchObject({ exitCode: 1, said: '2 would be erased, 1 left\n' });
    expect(await rows()).toHaveLength(9);

    const first = await erase();
    expect(first).toMatchObject({ exitCode: 1, said: '2 erased, 1 left\n' });
    expect(first.written).toContain(`npm run dlq -- replay --order ${exhausted.orderId}`);
    expect((await audited()).findings).toEqual([]);

    const dropping = createTerminal();
    expect(await drop(system, dropping, { order: exhausted.orderId, yes: true })).toBe(0);
    expect(await erase()).toMatchObject({ exitCode: 0, said: '1 erased, 0 left\n' });
    expect(await erase()).toMatchObject({ exitCode: 0, said: expect.stringContaining('nothing to erase') });

    const after = await rows();
    expect(JSON.stringify(after)).not.toMatch(PRIVATE);
    const orders = after.filter((row): row is OrderRecord => !('notificationId' in row));
    const stateOf = ({ orderId }: { orderId: string }) => orders.find((order) => order.orderId === orderId);
    expect(stateOf(completed)).toMatchObject({
      status: 'COMPLETED',
      totalAmount: 12.5,
      createdAt: completed.createdAt,
    });
    expect(stateOf(refused)).toMatchObject({ status: 'FAILED', failure: { code: 'OUT_OF_STOCK' } });
    expect(stateOf(foreign)).toMatchObject({ customerId: 'bob', items: [{ productName: 'A product' }] });
    expect(after.filter((row) => 'notificationId' in row)).toMatchObject([{ orderId: foreign.orderId }]);

    const { findings, endings, outcomes } = await audited();
    expect(findings).toEqual([]);
    expect(endings).toMatchObject({ fulfilled: 2, cancelled: 1, refused: 1, notCancelled: 0 });
    expect(outcomes).toMatchObject({ notified: 1, missing: 0, erased: 3 });

    for (const service of SERVICE_NAMES) expect(await running.logs(service)).not.toMatch(PRIVATE);

    const terminal = createTerminal();
    expect(await restartAll(system, terminal, 'order', [exhausted.orderId], { most: 1, rate: 20 })).toBe(1);
    expect(terminal.written()).toContain('its personal data was erased, so it cannot be started again');
  }, 180_000);

  it.each([
    [['nobody', '--yes'], 0, /No order in stage local has this customer id/],
    [['not an id', '--yes'], 2, /A customer id is 1 to 64 of/],
    [['bob'], 2, /There is no terminal to ask/],
    [['bob', '--yes', '--stage', 'elsewhere'], 2, /There is no stage elsewhere/],
  ])('npm run ops -- erase %j exits with %d', async (args, code, says) => {
    const { exitCode, stdout, stderr } = await ops('erase', ...args, '--endpoint', await running.awsEndpoint());
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr).toMatch(says);
  });
});
