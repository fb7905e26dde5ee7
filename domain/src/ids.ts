import { parse, v5 as uuidV5, v7 as uuidV7 } from 'uuid';

/** Namespace of every name-based id of Orderflow (RFC 9562, section 5.5). Never changes: stored ids depend on it. */
const NAMESPACE = parse('b3f6a1de-6f0e-4d52-9c52-3f7f0f7a54a1');

/** Length-prefixed, so that ("ab", "c") and ("a", "bc") never give the same name. */
function nameOf(parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}

/** A new time-ordered id (UUIDv7). */
export function newId(): string {
  return uuidV7();
}

/** The id for a client's Idempotency-Key: the same owner, key and kind always give the same id. */
export function idForKey(kind: 'order' | 'notification', owner: string, idempotencyKey: string): string {
  return uuidV5(nameOf([kind, owner, idempotencyKey]), NAMESPACE);
}

/**
 * The id of the event that an item published at a version. It is derived, so that publishing again after a crash gives
 * the same event.
 */
export function eventIdFor(itemId: string, type: string, itemVersion: number): string {
  return uuidV5(nameOf([itemId, type, String(itemVersion)]), NAMESPACE);
}

/** The notification that an order's outcome event causes: one per event, however often the event is delivered. */
export function notificationIdFor(eventId: string): string {
  return uuidV5(nameOf(['notification', eventId]), NAMESPACE);
}

/**
 * The idempotency key for fulfilling an order in one of its lives: the order's id in the first life, a new key in each
 * later one. A cancelled life uses its key up.
 * @param life '' for the first, then the id of the replay that started it
 */
export function fulfilmentKeyFor(orderId: string, life: string): string {
  return life === '' ? orderId : uuidV5(nameOf(['fulfilment', orderId, life]), NAMESPACE);
}

/** The id of a replay of a dead-lettered message: the same for all its copies, and for every operator. */
export function replayIdFor(originalMessageId: string): string {
  return uuidV5(nameOf(['replay', originalMessageId]), NAMESPACE);
}
