import { OrderCreatedEvent } from '@orderflow/contracts';
import type { EventPublisher } from '@orderflow/platform/events/publisher';

/** Half of the orders that are known, at most, to be on the bus; of others it is not known. */
const HALF = 1_500;

export type NotedPublisher = EventPublisher & { isPublished: (orderId: string) => boolean };

/** A publisher that remembers which orders' events the bus has taken. */
export function notePublished(publisher: EventPublisher): NotedPublisher {
  // Two halves, of which the older one goes as a whole: to look for the oldest of all takes longer with each that is gone.
  let recent = new Set<string>();
  let older = new Set<string>();
  return {
    publish: async (event) => {
      await publisher.publish(event);
      if (event.type !== OrderCreatedEvent.type) return;
      recent.add((event.detail.data as { orderId: string }).orderId);
      if (recent.size === HALF) [older, recent] = [recent, new Set()];
    },
    beginSpan: publisher.beginSpan,
    flush: () => publisher.flush(),
    isPublished: (orderId) => recent.has(orderId) || older.has(orderId),
  };
}
