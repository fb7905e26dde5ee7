import type { OrderRecord } from '@orderflow/domain/orders/order';
import { erasureOf, pseudonymOf } from '@orderflow/domain/orders/erased-order';
import { withoutMarker } from './stored-orders.js';

/** The order after `ops erase`. */
export function erased(order: OrderRecord): OrderRecord {
  const { set, remove } = erasureOf(order, '2027-03-14');
  const changed = { ...withoutMarker(order), ...set, version: order.version + 1, customerId: pseudonymOf('1') };
  const entries = Object.entries(changed).filter(([name, value]) => !remove.includes(name) && value !== undefined);
  return Object.fromEntries(entries) as OrderRecord;
}
