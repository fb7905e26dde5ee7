import { notificationIdFor } from '../ids.js';

/** Facts about an event, read from a message body. */
export type EventFacts = { type?: string; orderId?: string; notificationId?: string };

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown, name: string): string | undefined {
  const property = propertyOf(value, name);
  return typeof property === 'string' ? property : undefined;
}

/** Reads the facts that a body contains. A malformed body yields fewer, or none. */
export function eventFactsOf(body: string): EventFacts {
  let envelope: unknown;
  try {
    envelope = JSON.parse(body);
  } catch {
    return {};
  }
  const detail = propertyOf(envelope, 'detail');
  const data = propertyOf(detail, 'data');
  const type = textOf(envelope, 'detail-type');
  const eventId = textOf(propertyOf(detail, 'metadata'), 'eventId');
  const isOutcome = type === 'OrderCompleted' || type === 'OrderFailed';
  const notificationId =
    textOf(data, 'notificationId') ?? (isOutcome && eventId !== undefined ? notificationIdFor(eventId) : undefined);
  return { type, orderId: textOf(data, 'orderId'), notificationId };
}
