import { failpoint } from '../runtime/failpoints.js';
import type { EventPublisher } from '../events/publisher.js';
import { traceIdOf } from '../telemetry/traceparent.js';
import { decodeEvent, type EventClass } from '../events/decode.js';
import type { Delivery, Handler, HandlerResult, Step } from './types.js';

/** Facts of an event that belong into the log line of its message. */
type Loggable = { metadata: { eventId: string; correlationId: string; traceparent?: string } };

/** One line of a worker's handler list. */
export type Registration = {
  EventClass: EventClass;
  handle: Handler<object>;
  exhausted: Handler<object>;
};

/**
 * Handles events of one class.
 * @param exhausted what to do once the message has used up its receives and lies in the dead-letter queue.
 */
export function on<Event extends object>(
  EventClass: EventClass<Event>,
  handle: Handler<Event>,
  exhausted: Handler<Event>,
): Registration {
  // The router hands each event to the registration of its own class.
  return { EventClass, handle: handle as Handler<object>, exhausted: exhausted as Handler<object> };
}

export type Router = {
  /** Decodes the message, runs its handler, publishes what it returns. */
  handle: Step;
  /** The same with the registration's `exhausted`. */
  exhausted: Step;
};

/**
 * @param expected every event class that the queue's rules let through.
 * @throws when an expected event has no handler, or an event has two.
 */
export function createRouter(
  expected: readonly EventClass[],
  registrations: readonly Registration[],
  publisher: Pick<EventPublisher, 'publish'>,
): Router {
  for (const EventClass of new Set([...expected, ...registrations.map((registration) => registration.EventClass)])) {
    const { length } = registrations.filter((registration) => registration.EventClass === EventClass);
    if (length !== 1) throw new Error(`${EventClass.type} v${EventClass.version} has ${length} handlers, not one`);
  }
  const classes = registrations.map(({ EventClass }) => EventClass);

  async function run(delivery: Delivery, choose: (registration: Registration) => Handler<object>) {
    const { EventClass, event } = decodeEvent(delivery.body, classes);
    const registration = registrations.find((candidate) => candidate.EventClass === EventClass);
    if (!registration) throw new Error(`no handler for ${EventClass.type}`);
    const { eventId, correlationId, traceparent } = (event as Loggable).metadata;
    const traceId = traceIdOf(traceparent) ?? delivery.facts.traceId;
    Object.assign(delivery.facts, { type: EventClass.type, eventId, correlationId, traceId });

    const { outcome, events }: HandlerResult = await choose(registration)(event, delivery);
    // Before the ack: until the events are out, the message is what remembers that they must go.
    await Promise.all(events.map((outgoing) => publisher.publish(outgoing)));
    failpoint('worker.after-publish');
    return outcome;
  }

  return {
    handle: (delivery) => run(delivery, ({ handle }) => handle),
    exhausted: (delivery) => run(delivery, ({ exhausted }) => exhausted),
  };
}
