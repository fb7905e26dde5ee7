import { QUEUE_EVENTS, type EventClass } from '@orderflow/contracts';
import { replayIdFor } from '../ids.js';
import type { DeadLetter } from './dead-letter.js';
import { eventFactsOf } from './event-facts.js';

/** Why a dead letter is not replayed. */
export type Refusal = { code: string; reason: string; /** Where in the body. */ path?: string };

/** Replays of one message. More are refused. */
export const MAX_REPLAYS = 5;

type Rules = {
  /** Why a worker that reads these events could not read the body; undefined when it can. */
  whyMalformed: (body: string, events: readonly EventClass[]) => Refusal | undefined;
  maxReplays?: number;
};

/**
 * Why a replay of the letter is refused whatever the state of its item: its worker would dead-letter it again.
 * Undefined when the item decides.
 */
export function refusalOfLetter(
  { ownQueue, replayCount, body }: Pick<DeadLetter, 'ownQueue' | 'replayCount' | 'body'>,
  { whyMalformed, maxReplays = MAX_REPLAYS }: Rules,
): Refusal | undefined {
  if (ownQueue === undefined) {
    return { code: 'UNKNOWN_TARGET', reason: 'it was sent to a queue that does not belong to this stage' };
  }
  if (replayCount >= maxReplays) {
    const reason = `replayed ${replayCount} times already, the limit is ${maxReplays} (--max-replays)`;
    return { code: 'REPLAYED_TOO_OFTEN', reason };
  }
  return whyMalformed(body, QUEUE_EVENTS[ownQueue]);
}

/** The item that a readable event is about: an order, or a requested notification. */
export function subjectOf(body: string): { what: 'order' | 'notification'; id: string } {
  const { type, orderId = '', notificationId = '' } = eventFactsOf(body);
  return type === 'NotificationRequested'
    ? { what: 'notification', id: notificationId }
    : { what: 'order', id: orderId };
}

/** Decides what to do with the replay of a readable letter. `past`: it has already started the item. */
export function decideReplay(
  { ownQueue, originalMessageId, body }: Pick<DeadLetter, 'ownQueue' | 'originalMessageId' | 'body'>,
  item: { lastReplayId?: unknown } | undefined,
): 'send' | 'past' | Refusal {
  const { what, id } = subjectOf(body);
  if (!item) return { code: 'UNKNOWN_ITEM', reason: `there is no ${what} ${id}`, path: `detail.data.${what}Id` };
  // An outcome's event is about the order, but its replay starts a notification.
  const isSubject = what === 'notification' || ownQueue === 'orders';
  return isSubject && item.lastReplayId === replayIdFor(originalMessageId) ? 'past' : 'send';
}
