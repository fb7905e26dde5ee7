import { randomUUID } from 'node:crypto';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Order } from '@orderflow/contracts';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { eventually } from '@orderflow/testing/eventually';
import { orderFor } from '../../tests/support/api-client.js';
import type { BreakableSystem } from './breakable-system.js';
import type { Story } from './story.js';

/** Orders one unit. Repeats with the same key when the system is too busy. */
export async function placeOrder(system: BreakableSystem, productId = 'book-1'): Promise<string> {
  const key = randomUUID();
  const { orderId } = await eventually(() => system.api.createOrder(orderFor(productId), key), 'an accepted order');
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

/** The system with the orders, and the story to report to. */
export type Place = { story: Story; system: BreakableSystem };

/** Shows the order with curl, and checks its status. */
export async function showOrder({ story, system }: Place, orderId: string, status: Order['status']): Promise<void> {
  const { output } = await story.type(await system.curl(`/api/orders/${orderId}`));
  story.check(`the order is ${status}`, output.includes(`"status":"${status}"`), output);
}

/** Waits until all of the orders have the status. */
export async function reach(
  { story, system }: Place,
  orderIds: string[],
  status: Order['status'],
  withinMs = 30_000,
): Promise<void> {
  const what =
    orderIds.length === 1 ? `order ${orderIds[0] ?? ''} is ${status}` : `all ${orderIds.length} orders are ${status}`;
  const all = async () => (await countIn(system, orderIds, status)) === orderIds.length;
  await story.eventually(all, what, withinMs);
}

/** The orders as they are stored. */
async function readOrders(system: BreakableSystem, orderIds: string[]): Promise<OrderRecord[]> {
  const { aws, names } = await system.connect();
  const read = async (orderId: string): Promise<OrderRecord> => {
    const key = { TableName: names.ordersTable, Key: { orderId }, ConsistentRead: true };
    const { Item: item } = await aws.dynamo.send(new GetCommand(key));
    if (!item) throw new Error(`there is no order ${orderId}`);
    return item as OrderRecord;
  };
  return Promise.all(orderIds.map(read));
}

export async function checkAppliedOnce({ story, system }: Place, orderIds: string[]): Promise<void> {
  const effects = (await readOrders(system, orderIds)).map((order) => order.effects);
  const areOne = effects.every((count) => count === 1);
  story.check('each outcome was written once: `effects` of each order is 1', areOne, effects);
}
