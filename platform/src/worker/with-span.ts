import type { EventPublisher } from '../events/publisher.js';
import { traceIdOf } from '../telemetry/traceparent.js';
import type { Span, Tracing } from '../telemetry/tracing.js';
import type { Delivery, DeliveryOutcome } from './delivery.js';
import type { Middleware } from './pipeline.js';

type SpanOptions = { queue: string; publisher: Pick<EventPublisher, 'beginSpan'> };

/** The field in the JSON text of an event. Inside a JSON string its quotes would be escaped, so a customer's text does not match. */
const TRACEPARENT = /"traceparent"\s*:\s*"([0-9a-f-]{55}(?:-[^"\\]*)?)"/;

/** Read before the body is decoded, so that a malformed message also has a span. A regular expression, to parse only once. */
const traceparentIn = (body: string): string | undefined => TRACEPARENT.exec(body)?.[1];

/** `orderId` becomes `orderflow.order.id`; fields that are not ids stay out of the span. */
function idAttributes(fields: Delivery['fields']): Record<string, string> {
  const named = Object.entries(fields).map(([name, id]) => [/^(\w+)Id$/.exec(name)?.[1], id] as const);
  return Object.fromEntries(named.flatMap(([name, id]) => (name === undefined ? [] : [[`orderflow.${name}.id`, id]])));
}

/** Copies what the rest of the pipeline has learned to the span. */
function describe(span: Span, outcome: DeliveryOutcome, { facts, fields, replayId, attempt }: Delivery): void {
  const { err, code, reason = '' } = facts;
  span.set({
    'messaging.message.conversation_id': facts.correlationId,
    'orderflow.event.type': facts.type,
    'orderflow.event.id': facts.eventId,
    ...idAttributes(fields),
    'orderflow.outcome': outcome,
    'orderflow.replay.id': replayId,
    'orderflow.attempt': attempt,
  });
  if (outcome === 'retry' && err) span.fail(err.name, err);
  if (outcome === 'dead-lettered' && code !== undefined) span.fail(code, { name: code, message: reason });
}

/** One span per delivery, as a child of the context that the event carries. */
export function withSpan(tracing: Tracing, { queue, publisher }: SpanOptions): Middleware {
  return (next) => async (delivery) => {
    const span = tracing.tracer?.start(`process ${queue}`, {
      kind: 'consumer',
      parent: traceparentIn(delivery.body),
      attributes: {
        'messaging.system': 'aws_sqs',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': queue,
        'messaging.message.id': delivery.messageId,
      },
    });
    if (!span) return next(delivery);
    // The log line of an event without a context names the trace that starts here.
    delivery.facts.traceId = traceIdOf(span.traceparent);
    try {
      const outcome = await next({ ...delivery, beginSpan: () => publisher.beginSpan(span.traceparent) });
      describe(span, outcome, delivery);
      return outcome;
    } finally {
      span.end();
    }
  };
}
