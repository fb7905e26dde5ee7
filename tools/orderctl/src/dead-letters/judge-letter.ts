import { NOTIFICATION_QUEUE_EVENTS, ORDER_QUEUE_EVENTS, type OwnQueue } from '@orderflow/contracts';
import { PermanentError } from '@orderflow/platform/errors';
import { decodeEvent, type EventClass } from '@orderflow/platform/worker/decode';

export type Refusal = { code: string; reason: string; path?: string };

const EVENTS: Record<OwnQueue, readonly EventClass[]> = {
  orders: ORDER_QUEUE_EVENTS,
  notifications: NOTIFICATION_QUEUE_EVENTS,
};

/** Why a worker of the queue could not read the body; undefined when it can. */
export function whyMalformed(body: string, ownQueue: OwnQueue): Refusal | undefined {
  try {
    decodeEvent(body, EVENTS[ownQueue]);
    return undefined;
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const { path } = error.details;
    return { code: error.code, reason: error.message, ...(typeof path === 'string' ? { path } : {}) };
  }
}
