import { OrderCreated } from '@orderflow/contracts';
import type { EventPublisher } from '@orderflow/platform/outbox/event-publisher';

/** Waiting orders that are known to be on the bus; of others it is not known. */
const MOST_REMEMBERED = 3_000;

/** A publisher that remembers which orders' events the bus has taken. */
export function notePublished(
  publisher: EventPublisher,
): EventPublisher & { isPublished: (orderId: string) => boolean } {
  const published = new Set<string>();
  return {
    publish: async (event) => {
      await publisher.publish(event);
      if (event.type !== OrderCreated.type) return;
      published.add((event.detail.data as { orderId: string }).orderId);
      const [oldest] = published;
      if (published.size > MOST_REMEMBERED && oldest !== undefined) published.delete(oldest);
    },
    beginSpan: publisher.beginSpan,
    flush: () => publisher.flush(),
    isPublished: (orderId) => published.has(orderId),
  };
}
