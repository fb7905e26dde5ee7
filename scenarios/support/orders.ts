import { randomUUID } from 'node:crypto';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Order, OrderRecord } from '@orderflow/contracts';
import { orderFor } from '../../tests/support/api-client.js';
import { waitFor } from '../../tests/support/wait-for.js';
import type { BreakableSystem } from './breakable-system.js';
import type { Story } from './story.js';

/** Orders one unit; asks again with the same key when the system is too busy to answer. */
export async function placeOrder(system: BreakableSystem, productId = 'book-1'): Promise<string> {
  const key = randomUUID();
  const { orderId } = await waitFor('an accepted order', async () => {
    const response = await fetch(`${await system.apiUrl()}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(orderFor(productId)),
    });
    if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Order;
  });
  return orderId;
}

export async function placeOrders(system: BreakableSystem, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => placeOrder(system)));
}

/** How many of the orders have the status. */
export async function countIn(system: BreakableSystem, orderIds: string[], status: Order['status']): Promise<number> {
  const orders = await Promise.all(orderIds.map((orderId) => system.api.order(orderId)));
  return orders.filter((order) => order.status === status).length;
}

/** The order as the API shows it to a person with curl, for as long as it is in the state; then what it is instead. */
export async function showOrder(
  story: Story,
  system: BreakableSystem,
  orderId: string,
  status: Order['status'],
): Promise<void> {
  const { output } = await story.type(`curl --silent ${await system.apiUrl()}/api/orders/${orderId}`);
  story.check(`the order is ${status}`, output.includes(`"status":"${status}"`), output);
}

export async function reaches(
  { story, system }: { story: Story; system: BreakableSystem },
  orderIds: string[],
  status: Order['status'],
  withinMs = 30_000,
): Promise<void> {
  const what =
    orderIds.length === 1 ? `order ${orderIds[0] ?? ''} is ${status}` : `all ${orderIds.length} orders are ${status}`;
  await story.eventually(
    what,
    async () => ((await countIn(system, orderIds, status)) === orderIds.length ? true : undefined),
    withinMs,
  );
}

export async function readOrder(system: BreakableSystem, orderId: string): Promise<OrderRecord> {
  const { aws, names } = await system.connect();
  const { Item: item } = await aws.dynamo.send(
    new GetCommand({ TableName: names.ordersTable, Key: { orderId }, ConsistentRead: true }),
  );
  if (!item) throw new Error(`there is no order ${orderId}`);
  return item as OrderRecord;
}

export async function appliedOnce(
  { story, system }: { story: Story; system: BreakableSystem },
  orderIds: string[],
): Promise<void> {
  const effects = await Promise.all(orderIds.map(async (orderId) => (await readOrder(system, orderId)).effects));
  story.check(
    'each outcome was applied once (effects: 1)',
    effects.every((count) => count === 1),
    effects,
  );
}
