import type { NotificationChannel } from '@orderflow/contracts';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { traceIdOf } from '@orderflow/platform/telemetry/traceparent';

export type NotificationToSend = {
  /** Names the notification to the provider: two sends with the same key are one notification. */
  idempotencyKey: string;
  orderId: string;
  channel: NotificationChannel;
  message: string;
  /** W3C Trace Context, for the provider. */
  traceparent?: string;
  signal: AbortSignal;
};

/** Hands a notification to the customer. @throws when the provider did not take it; it is tried again */
export type Sender = { send(notification: NotificationToSend): Promise<void> };

/** The first adapter: the log stands in for the provider. The text stays out of it, it may be personal. */
export function createLoggingSender(logger: Logger): Sender {
  return {
    send: ({ idempotencyKey: notificationId, orderId, channel, traceparent }) => {
      const traceId = traceIdOf(traceparent);
      logger.info('notification handed over', { notificationId, orderId, channel, traceId });
      return Promise.resolve();
    },
  };
}
