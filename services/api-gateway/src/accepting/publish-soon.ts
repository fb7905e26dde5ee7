import { toError } from '@orderflow/platform/runtime/errors';
import { failpoint } from '@orderflow/platform/runtime/failpoints';
import type { Logger } from '@orderflow/platform/runtime/logger';
import type { EventPublisher, OutgoingEvent } from '@orderflow/platform/events/publisher';

/**
 * Publishes without making the client wait. A failure is ignored on purpose: the outbox marker is on the item, and the
 * sweeper publishes again. One log line per change of state.
 */
export function createPublishSoon(publisher: EventPublisher, logger: Logger): (event: OutgoingEvent) => void {
  let failing = false;
  return (event) => {
    publisher.publish(event).then(
      () => {
        failpoint('api.after-publish');
        if (failing) logger.info('events are published at once again');
        failing = false;
      },
      (thrown: unknown) => {
        if (!failing) logger.warn('events cannot be published, the outbox keeps them', { err: toError(thrown) });
        failing = true;
      },
    );
  };
}
