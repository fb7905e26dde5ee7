import { Inject, Injectable } from '@nestjs/common';
import { toError } from '@orderflow/platform/runtime/errors';
import { failpoint } from '@orderflow/platform/runtime/failpoints';
import type { Logger } from '@orderflow/platform/runtime/logger';
import type { EventPublisher, OutgoingEvent } from '@orderflow/platform/events/publisher';
import { LOGGER, PUBLISHER } from '../infrastructure/tokens.js';

/**
 * Publishes without making the client wait. A failure is ignored on purpose: the outbox marker is on the item, and the
 * sweeper publishes again. One log line per change of state.
 */
@Injectable()
export class SoonPublisher {
  private failing = false;

  constructor(
    @Inject(PUBLISHER) private readonly publisher: EventPublisher,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  publish(event: OutgoingEvent): void {
    this.publisher.publish(event).then(
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
