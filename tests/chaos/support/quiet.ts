import { setTimeout as pause } from 'node:timers/promises';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { countQueue, depthOf } from '@orderflow/platform/aws/queue-counts';
import { createOutboxIndex } from '@orderflow/platform/work-item/outbox-index';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

/** Remaining work of a system. */
export type Remaining = {
  /** Messages of the orders' and the notifications' queue: visible, in flight, delayed. */
  orderMessages: number;
  notificationMessages: number;
  /** Items with an outbox marker. */
  orderMarkers: number;
  notificationMarkers: number;
};

const LOOK_EVERY_MS = 250;
/** A message between bus and queue is briefly in neither. */
const LOOKS = 2;

/** Reads directly from the emulator, so that no fault hides work. */
export async function remainingWork({ aws, names, urlOf }: ConnectedSystem): Promise<Remaining> {
  const messagesIn = async (queue: string): Promise<number> => depthOf(await countQueue(aws.sqs, await urlOf(queue)));
  const markersIn = (table: WorkItemTable): Promise<number> => createOutboxIndex(aws.dynamo, table).count();
  const [orderMessages, notificationMessages, orderMarkers, notificationMarkers] = await Promise.all([
    messagesIn(names.orderQueue),
    messagesIn(names.notificationQueue),
    markersIn(ordersTable(names)),
    markersIn(notificationsTable(names)),
  ]);
  return { orderMessages, notificationMessages, orderMarkers, notificationMarkers };
}

/**
 * Waits until all work is done.
 * @returns how long it took in ms; undefined if work is left after `withinMs`
 */
export async function waitForQuiet(operator: ConnectedSystem, withinMs: number): Promise<number | undefined> {
  const startedAt = performance.now();
  let quietLooks = 0;
  let quietSince = 0;
  for (;;) {
    const remaining = await remainingWork(operator);
    const elapsedMs = performance.now() - startedAt;
    if (Object.values(remaining).some((count) => count > 0)) quietLooks = 0;
    else if (++quietLooks === 1) quietSince = elapsedMs;
    if (quietLooks === LOOKS) return Math.round(quietSince);
    if (elapsedMs > withinMs) return undefined;
    await pause(LOOK_EVERY_MS);
  }
}
