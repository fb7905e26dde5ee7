import { OrderCreatedEvent } from '@orderflow/contracts';
import type { EventPublisher } from '@orderflow/platform/events/publisher';

/** Half of the number of orders that are remembered. */
const HALF = 1_500;

export type NotedPublisher = EventPublisher & { isPublished: (orderId: string) => boolean };

/** A publisher that remembers for which recent orders the bus has accepted the event. */
export function notePublished(publisher: EventPublisher): NotedPublisher {
  // Two halves; the older one is dropped as a whole. Deleting the oldest entry of a set gets slower each time.
  let recent = new Set<string>();
  let older = new Set<string>();
  return {
    ...publisher,
    publish: async (event) => {
      await publisher.publish(event);
      if (event.type !== OrderCreatedEvent.type) return;
      recent.add((event.detail.data as { orderId: string }).orderId);
      if (recent.size === HALF) [older, recent] = [recent, new Set()];
    },
    isPublished: (orderId) => recent.has(orderId) || older.has(orderId),
  };
}
