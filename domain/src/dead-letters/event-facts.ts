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

/** Whether an event reports how an order ended. */
export function isOutcome(type: string | undefined): boolean {
  return type === 'OrderCompleted' || type === 'OrderFailed';
}

/** The type and data of an event that a worker can decode. */
export function readableEventOf(body: string): { type: string; data: Record<string, unknown> } {
  const envelope = JSON.parse(body) as { 'detail-type': string; detail: { data: Record<string, unknown> } };
  return { type: envelope['detail-type'], data: envelope.detail.data };
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
  const ofOutcome = isOutcome(type) && eventId !== undefined ? notificationIdFor(eventId) : undefined;
  const notificationId = textOf(data, 'notificationId') ?? ofOutcome;
  return { type, orderId: textOf(data, 'orderId'), notificationId };
}
