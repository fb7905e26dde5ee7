import { timelineOf, type Timeline } from '@orderflow/contracts';
import type { TableReader } from '@orderflow/platform/statements/table-reader';
import { recordsOfOrder } from '../notifications/read-notifications.js';
import { readRecord } from './read-order.js';

/** @throws ApiProblem ORDER_NOT_FOUND */
export function createReadTimeline({ orders, notifications }: { orders: TableReader; notifications: TableReader }) {
  return async (orderId: string): Promise<Timeline> => {
    const [order, records] = await Promise.all([readRecord(orders, orderId), recordsOfOrder(notifications, orderId)]);
    return timelineOf(order, records);
  };
}

export type ReadTimeline = ReturnType<typeof createReadTimeline>;
