import { ORDER_KEY } from '@orderflow/domain/orders/orders-table';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { Orders } from '../../../services/api-gateway/src/infrastructure/stored-items.js';

/** The orders that a reader returns. */
export function ordersOver(reader: TableReader): Orders {
  return Object.assign(Object.create(Orders.prototype) as Orders, { reader, table: { key: ORDER_KEY } });
}
