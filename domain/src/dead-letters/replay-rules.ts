import { contentHashOf, QUEUE_EVENTS, type EventClass, type WorkQueue } from '@orderflow/contracts';
import { replayIdFor } from '../ids.js';
import { ORDER_OUTCOME_FIELDS } from '../orders/order-events.js';
import type { DeadLetter } from './dead-letter.js';
import { eventFactsOf, isOutcome, readableEventOf } from './event-facts.js';

/** Why a dead letter is not replayed. */
export type Refusal = { code: string; reason: string; /** Where in the body. */ path?: string };

/** Replays of one message. More are refused. */
export const MAX_REPLAYS = 5;

type Item = Readonly<Record<string, unknown>>;

type LetterRules = {
  /** Why a worker that reads these events could not read the body; undefined when it can. */
  whyMalformed: (body: string, events: DecodableEvents) => Refusal | undefined;
  maxReplays?: number;
};

type ItemRules = {
  /** Whether the stored order has the outcome that an event reports. */
  compareOutcome: (order: Item, reported: Reported) => { kind: 'same' | 'superseded' | 'differs' };
};

type DecodableEvents = { classes: readonly EventClass[]; contentHashOf: (data: object) => string };
type Reported = { type: string; version: number; contentHash: string };

/** What the worker of a queue can read. */
export function eventsOf(queue: WorkQueue): DecodableEvents {
  return { classes: QUEUE_EVENTS[queue], contentHashOf };
}

/**
 * Why a replay of the letter is refused whatever the state of its item: its worker would dead-letter it again.
 * Undefined when the item decides.
 */
export function refusalOfLetter(
  { ownQueue, replayCount, body }: Pick<DeadLetter, 'ownQueue' | 'replayCount' | 'body'>,
  { whyMalformed, maxReplays = MAX_REPLAYS }: LetterRules,
): Refusal | undefined {
  if (ownQueue === undefined) {
    return { code: 'UNKNOWN_TARGET', reason: 'it was sent to a queue that does not belong to this stage' };
  }
  if (replayCount >= maxReplays) {
    const reason = `replayed ${replayCount} times already, the limit is ${maxReplays} (--max-replays)`;
    return { code: 'REPLAYED_TOO_OFTEN', reason };
  }
  return whyMalformed(body, eventsOf(ownQueue));
}

/** The item that a readable event is about: an order, or a requested notification. */
export function subjectOf(body: string): { what: 'order' | 'notification'; id: string } {
  const { type, orderId = '', notificationId = '' } = eventFactsOf(body);
  return type === 'NotificationRequested'
    ? { what: 'notification', id: notificationId }
    : { what: 'order', id: orderId };
}

/** The attributes of a subject that `decideReplay` reads. */
export const DECIDING_FIELDS = {
  order: ['lastReplayId', 'contentHash', 'erasedOn', ...ORDER_OUTCOME_FIELDS],
  notification: ['lastReplayId', 'contentHash'],
} as const satisfies Record<'order' | 'notification', readonly string[]>;

/** Why a worker would not believe a readable event about this item. */
function whyNotBelieved(body: string, item: Item, { compareOutcome }: ItemRules): Refusal | undefined {
  const { what, id } = subjectOf(body);
  const { type, data } = readableEventOf(body);
  const contentHash = contentHashOf(data);
  const path = 'detail.data';
  if (!isOutcome(type)) {
    if (item.contentHash === undefined || item.contentHash === contentHash) return undefined;
    return { code: 'EVENT_MISMATCH', reason: `it says something else than the stored ${what} ${id}`, path };
  }
  const { kind } = compareOutcome(item, { type, version: Number(data.orderVersion), contentHash });
  if (kind === 'same') return undefined;
  const now = `it is ${String(item.status)}, version ${String(item.version)}`;
  return kind === 'superseded'
    ? { code: 'OUTCOME_SUPERSEDED', reason: `the order has changed since: ${now}`, path }
    : { code: 'EVENT_MISMATCH', reason: `the stored order ${id} does not have this outcome: ${now}`, path };
}

/** Decides what to do with the replay of a readable letter. `past`: it has already started the item. */
export function decideReplay(
  { ownQueue, originalMessageId, body }: Pick<DeadLetter, 'ownQueue' | 'originalMessageId' | 'body'>,
  item: Item | undefined,
  rules: ItemRules,
): 'send' | 'past' | Refusal {
  const { what, id } = subjectOf(body);
  if (!item) return { code: 'UNKNOWN_ITEM', reason: `there is no ${what} ${id}`, path: `detail.data.${what}Id` };
  if (item.erasedOn !== undefined) {
    return {
      code: 'ERASED',
      reason: `the personal data of ${what} ${id} was erased; drop this letter, which still has it`,
    };
  }
  const refusal = whyNotBelieved(body, item, rules);
  if (refusal) return refusal;
  // An outcome's event is about the order, but its replay starts a notification.
  const isSubject = what === 'notification' || ownQueue === 'orders';
  return isSubject && item.lastReplayId === replayIdFor(originalMessageId) ? 'past' : 'send';
}
