import type { EventPublisher } from '../events/publisher.js';
import { traceIdOf } from '../telemetry/traceparent.js';
import type { Span, Tracing } from '../telemetry/tracing.js';
import type { Delivery, Middleware, Outcome } from './types.js';

type SpanOptions = { queue: string; publisher: Pick<EventPublisher, 'beginSpan'> };

/** A name in the JSON text of an event; inside a string of it the quotes would have a backslash before them. */
const TRACEPARENT = /"traceparent"\s*:\s*"([0-9a-f-]{55}(?:-[^"\\]*)?)"/;

/**
 * Where the message comes from. Read before the body is checked, so that a malformed message has a span too, and as text,
 * because decoding parses it.
 */
const traceparentIn = (body: string): string | undefined => TRACEPARENT.exec(body)?.[1];

/** What the rest of the pipeline has learned, on the span. */
function describe(span: Span, outcome: Outcome, { facts, replayId }: Delivery): void {
  const text = (name: string) => (typeof facts[name] === 'string' ? facts[name] : undefined);
  span.set({
    'messaging.message.conversation_id': text('correlationId'),
    'orderflow.event.type': text('type'),
    'orderflow.event.id': text('eventId'),
    'orderflow.order.id': text('orderId'),
    'orderflow.notification.id': text('notificationId'),
    'orderflow.outcome': outcome,
    'orderflow.replay.id': replayId,
    'orderflow.attempt': typeof facts.attempt === 'number' ? facts.attempt : undefined,
  });
  if (outcome === 'retry' && facts.err instanceof Error) span.fail(facts.err.name, facts.err);
  const code = text('code');
  if (outcome === 'dead-lettered' && code !== undefined) span.fail(code, { name: code, message: text('reason') ?? '' });
}

/** A span per delivery, under the context that the event carries. */
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
    // An event that brought no context is found by the trace that begins here.
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
