import { formatTraceparent, parseTraceparent } from '@orderflow/platform/telemetry/traceparent';
import type { Attributes, SpanStart, Tracer } from '@orderflow/platform/telemetry/tracing';

export type RecordedSpan = SpanStart & {
  name: string;
  traceparent: string;
  attributes: Attributes;
  /** Types of its errors. */
  failures: string[];
  exceptions: string[];
};

/** Records started and ended spans. Ids are sequential. */
export function createRecordingTracer() {
  const begun: RecordedSpan[] = [];
  const ended: RecordedSpan[] = [];
  /** Removing the tracer ends the tracing. */
  const tracing: { tracer: Tracer | undefined } = {
    tracer: {
      start: (name, { attributes = {}, ...start }) => {
        const spanId = String(begun.length + 1).padStart(16, '0');
        const traceId = parseTraceparent(start.parent)?.traceId ?? spanId.repeat(2);
        const traceparent = formatTraceparent({ traceId, spanId, flags: 1 });
        const span: RecordedSpan = { ...start, name, traceparent, attributes, failures: [], exceptions: [] };
        begun.push(span);
        return {
          traceparent,
          set: (more) => {
            Object.assign(span.attributes, more);
          },
          fail: (type, exception) => {
            span.failures.push(type);
            if (exception) span.exceptions.push(exception.message);
          },
          end: () => {
            ended.push(span);
          },
        };
      },
    },
  };
  return { tracing, begun, ended };
}
