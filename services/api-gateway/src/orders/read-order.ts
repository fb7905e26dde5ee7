import { type OrderRecord } from '@orderflow/domain/orders/order';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import type { Projection, TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { ApiProblem } from '../http/problems/api-problem.js';

type Orders = { reader: TableReader };

/** The stored order, or the projected attributes. @throws ApiProblem ORDER_NOT_FOUND */
export async function requireOrder(
  { reader }: Orders,
  orderId: string,
  projection?: Projection,
): Promise<Record<string, unknown>> {
  const record = await reader.get(orderId, projection);
  if (!record) throw new ApiProblem('ORDER_NOT_FOUND', 'There is no order with this id.');
  return record;
}

/** @throws ApiProblem ORDER_NOT_FOUND; Error when the stored item is malformed */
export async function readRecord(orders: Orders, orderId: string): Promise<OrderRecord> {
  const record = await requireOrder(orders, orderId);
  if (!isOrderRecord(record)) throw new Error(`the stored order ${orderId} is malformed`);
  return record;
}
