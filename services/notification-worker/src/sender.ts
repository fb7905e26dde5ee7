import type { NotificationChannel } from '@orderflow/contracts';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { traceIdOf } from '@orderflow/platform/telemetry/traceparent';

export type NotificationToSend = {
  /** Two sends with the same key are one notification. */
  idempotencyKey: string;
  orderId: string;
  channel: NotificationChannel;
  message: string;
  /** W3C Trace Context, for the provider. */
  traceparent?: string;
  signal: AbortSignal;
};

/** Sends a notification through a provider. @throws when the provider did not accept it; the worker retries */
export type Sender = { send(notification: NotificationToSend): Promise<void> };

/** Logs notifications instead of sending them. The text is left out, because it may be personal. */
export function createLoggingSender(logger: Logger): Sender {
  return {
    send: ({ idempotencyKey: notificationId, orderId, channel, traceparent }) => {
      const traceId = traceIdOf(traceparent);
      logger.info('notification handed over', { notificationId, orderId, channel, traceId });
      return Promise.resolve();
    },
  };
}
