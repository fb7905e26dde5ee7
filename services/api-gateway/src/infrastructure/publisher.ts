import { Injectable } from '@nestjs/common';
import { OrderCreatedEvent } from '@orderflow/contracts';
import { createEventPublisher, type EventPublisher, type OutgoingEvent } from '@orderflow/platform/events/publisher';
import { toError } from '@orderflow/platform/runtime/errors';
import { failpoint } from '@orderflow/platform/runtime/failpoints';
import { AwsClients, Logger, ResourceNames, Tracing } from './tokens.js';

/** Half of the number of orders that are remembered. */
const HALF = 1_500;

/** Publishes events, and remembers for which recent orders the bus has accepted the event. */
@Injectable()
export class Publisher implements EventPublisher {
  private readonly publisher: EventPublisher;
  // Two halves; the older one is dropped as a whole. Deleting the oldest entry of a set gets slower each time.
  private recent = new Set<string>();
  private older = new Set<string>();
  private failing = false;

  constructor(
    { eventBridge }: AwsClients,
    { bus }: ResourceNames,
    tracing: Tracing,
    private readonly logger: Logger,
  ) {
    this.publisher = createEventPublisher(eventBridge, { bus, tracing });
  }

  beginSpan(parent: string | undefined) {
    return this.publisher.beginSpan(parent);
  }

  flush(): Promise<void> {
    return this.publisher.flush();
  }

  isPublished(orderId: string): boolean {
    return this.recent.has(orderId) || this.older.has(orderId);
  }

  async publish(event: OutgoingEvent): Promise<void> {
    await this.publisher.publish(event);
    if (event.type !== OrderCreatedEvent.type) return;
    this.recent.add((event.detail.data as { orderId: string }).orderId);
    if (this.recent.size === HALF) [this.older, this.recent] = [this.recent, new Set()];
  }

  /**
   * Publishes without making the client wait. A failure is ignored on purpose: the outbox marker is on the item, and the
   * sweeper publishes again. One log line per change of state.
   */
  publishSoon(event: OutgoingEvent): void {
    this.publish(event).then(
      () => {
        failpoint('api.after-publish');
        if (this.failing) this.logger.info('events are published at once again');
        this.failing = false;
      },
      (thrown: unknown) => {
        if (!this.failing) {
          this.logger.warn('events cannot be published, the outbox keeps them', { err: toError(thrown) });
        }
        this.failing = true;
      },
    );
  }
}
