import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';

type Value = { stringValue?: string; intValue?: number | string; boolValue?: boolean; doubleValue?: number };
type KeyValue = { key: string; value: Value };
type OtlpSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  attributes?: KeyValue[];
  events?: { name: string; attributes?: KeyValue[] }[];
  status?: { code?: number; message?: string };
};
type OtlpRequest = {
  resourceSpans: { resource: { attributes?: KeyValue[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
};

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const ERROR = 2;

export type ReceivedSpan = {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  kind: (typeof KINDS)[number];
  startedAt: bigint;
  attributes: Record<string, unknown>;
  isError: boolean;
  /** Messages of its exceptions. */
  exceptions: unknown[];
};

/** How it answers. When down, nothing listens. */
type ReceiverMode = 'up' | 'error-500' | 'hanging' | 'down';

export type OtlpReceiver = {
  url: string;
  become(mode: ReceiverMode): Promise<void>;
  spansOf(traceId: string): ReceivedSpan[];
  dispose(): Promise<void>;
};

function plain(attributes: KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue),
    ]),
  );
}

function read({ resourceSpans }: OtlpRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(plain(resource.attributes)['service.name']);
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, attributes, events = [], status }) => ({
        service,
        traceId,
        spanId,
        parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
        name,
        kind: KINDS[kind] ?? 'UNSPECIFIED',
        startedAt: BigInt(startTimeUnixNano),
        attributes: plain(attributes),
        isError: status?.code === ERROR,
        exceptions: events
          .filter((event) => event.name === 'exception')
          .map((event) => plain(event.attributes)['exception.message']),
      }));
  });
}

/** Receives spans by OTLP over HTTP in JSON, on a port that it keeps while it is down. */
export async function startOtlpReceiver(port: number): Promise<OtlpReceiver> {
  const received: ReceivedSpan[] = [];
  const held = new Set<ServerResponse>();
  let mode: ReceiverMode = 'down';

  const server = createServer((request, response) => {
    if (mode === 'hanging') {
      held.add(response);
      return;
    }
    const status = mode === 'error-500' ? 500 : 200;
    json(request).then(
      (body) => {
        if (status === 200) received.push(...read(body as OtlpRequest));
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      },
      () => response.destroy(),
    );
  });

  async function become(next: ReceiverMode): Promise<void> {
    const wasDown = mode === 'down';
    mode = next;
    for (const response of held) response.destroy();
    held.clear();
    if (next === 'down' && !wasDown) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    } else if (next !== 'down' && wasDown) {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    }
  }
  await become('up');

  return {
    url: `http://127.0.0.1:${port}`,
    become,
    spansOf: (traceId) => received.filter((span) => span.traceId === traceId),
    dispose: () => become('down'),
  };
}

/**
 * The spans as a tree, one per line: service, kind, name, event and outcome. Children are in the order of their start.
 */
export function drawTrace(spans: ReceivedSpan[]): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const inOrder = [...spans].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  const draw = (span: ReceivedSpan, depth: number): string[] => {
    const { 'orderflow.event.type': event, 'orderflow.outcome': outcome } = span.attributes;
    const words = [span.service, span.kind, span.name, event, outcome].filter((word) => typeof word === 'string');
    const below = inOrder.filter(({ parentSpanId }) => parentSpanId === span.spanId);
    return [`${'  '.repeat(depth)}${words.join(' ')}`, ...below.flatMap((child) => draw(child, depth + 1))];
  };
  const isTop = ({ parentSpanId }: ReceivedSpan) => parentSpanId === undefined || !ids.has(parentSpanId);
  return inOrder.filter(isTop).flatMap((span) => draw(span, 0));
}
