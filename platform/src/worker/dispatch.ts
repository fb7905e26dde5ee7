import { decodeEvent, type Decodable, type EventClass } from '../events/decode.js';
import { traceIdOf } from '../telemetry/traceparent.js';
import type { Delivery, Handler } from './delivery.js';

/** Metadata that belongs in the message's log line. */
type Loggable = { metadata: { eventId: string; correlationId: string; traceparent?: string } };

/** One line of a worker's handler list. */
export type Registration = {
  EventClass: EventClass;
  handle: Handler<object>;
  exhausted: Handler<object>;
};

/**
 * Registers the handlers of one event class.
 * @param exhausted ends the item once its message has used up its attempts and goes to the dead-letter queue
 */
export function on<Event extends object>(
  EventClass: EventClass<Event>,
  handle: Handler<Event>,
  exhausted: Handler<Event>,
): Registration {
  // The dispatcher passes each event to the registration of its own class.
  return { EventClass, handle: handle as Handler<object>, exhausted: exhausted as Handler<object> };
}

/**
 * Decodes a delivery's event and picks its handlers.
 * @returns `decoded`: the delivery with the content hash, for the handler
 * @throws PermanentError when the body is not such an event
 */
export type Dispatcher = (delivery: Delivery) => { event: object; registration: Registration; decoded: Delivery };

/**
 * @param expected every event class that the queue's rules let through
 * @throws when an expected event has no handler or an event has two
 */
export function createDispatcher(
  expected: readonly EventClass[],
  registrations: readonly Registration[],
  contentHashOf: Decodable['contentHashOf'],
): Dispatcher {
  for (const EventClass of new Set([...expected, ...registrations.map((registration) => registration.EventClass)])) {
    const { length } = registrations.filter((registration) => registration.EventClass === EventClass);
    if (length !== 1) throw new Error(`${EventClass.type} v${EventClass.version} has ${length} handlers, not one`);
  }
  const classes = registrations.map(({ EventClass }) => EventClass);

  return (delivery) => {
    const { body, facts } = delivery;
    const { EventClass, event, contentHash } = decodeEvent(body, { classes, contentHashOf });
    const registration = registrations.find((candidate) => candidate.EventClass === EventClass);
    if (!registration) throw new Error(`no handler for ${EventClass.type}`);
    const { eventId, correlationId, traceparent } = (event as Loggable).metadata;
    const traceId = traceIdOf(traceparent) ?? facts.traceId;
    Object.assign(facts, { type: EventClass.type, eventId, correlationId, traceId } satisfies Delivery['facts']);
    return { event, registration, decoded: { ...delivery, contentHash } };
  };
}
