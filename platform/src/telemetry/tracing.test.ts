import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { eventually } from '@orderflow/testing/eventually';
import { parseTraceparent } from './traceparent.js';
import { createMonotonicClock } from '../runtime/clock.js';
import { startTracing, type RunningTracing, type SpanStart } from './tracing.js';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const listening = async (server: Server, port = 0): Promise<number> => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  open.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
};

type Exported = { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] };

/** A receiver that accepts everything or never answers. */
async function startReceiver({ answers = true } = {}) {
  const names: string[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const { resourceSpans } = body as Exported;
      names.push(
        ...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)).map(({ name }) => name),
      );
      if (answers) response.end('{}');
    });
  });
  return { names, port: await listening(server) };
}

const monotonic = createMonotonicClock();

function start(port: number, ratio = 1, stopWithinMs = 1_500) {
  const log = createRecordingLogger();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_TRACES_SAMPLER_ARG: ratio,
    STAGE: 'test',
  };
  const begun = log.next('tracing');
  const tracing = startTracing(env, {
    service: 'a-service',
    logger: log.logger,
    monotonic,
    lookEveryMs: 20,
    stopWithinMs,
  });
  open.unshift(() => tracing.stop());
  return { log, begun, tracing };
}

const ROOT: SpanStart = { kind: 'server', parent: undefined };
const begin = ({ tracer }: RunningTracing, options = ROOT) => tracer!.start('GET /', options);

describe('startTracing', () => {
  it('does nothing without an endpoint', async () => {
    const { logger, lines } = createRecordingLogger();
    const tracing = startTracing(
      { OTEL_TRACES_SAMPLER_ARG: 1, STAGE: 'test' },
      { service: 'a-service', logger, monotonic },
    );
    expect(tracing.tracer).toBeUndefined();
    await tracing.stop();
    expect(lines).toEqual([]);
  });

  it('starts once something listens, and logs it once', async () => {
    const port = await listening(createServer());
    await open.pop()?.();
    const { tracing, begun, log } = start(port);
    expect(tracing.tracer).toBeUndefined();
    await listening(createServer(), port);
    await begun;
    expect(tracing.tracer).toBeDefined();
    expect(log.messages()).toEqual(['tracing']);
  });

  it('exports waiting spans when it is stopped', async () => {
    const receiver = await startReceiver();
    const { tracing, begun } = start(receiver.port);
    await begun;
    begin(tracing).end();
    await tracing.stop();
    expect(receiver.names).toEqual(['GET /']);
  });

  it('does not wait long for a receiver that hangs', async () => {
    const receiver = await startReceiver({ answers: false });
    const { tracing, begun } = start(receiver.port, 1, 50);
    await begun;
    begin(tracing).end();
    // The receiver never answers, so this must end by itself.
    await tracing.stop();
    await eventually(() => receiver.names.length > 0);
  });

  describe('a span that ignores the flags of its parent', () => {
    const flagsOf = (tracing: RunningTracing, traceId: string, flags: number): number => {
      const parent = `00-${traceId}-${'cd'.repeat(8)}-0${flags}`;
      const span = parseTraceparent(begin(tracing, { ...ROOT, parent, ignoresFlags: true }).traceparent);
      expect(span?.traceId).toBe(traceId);
      return span?.flags ?? NaN;
    };
    const running = async (ratio: number) => {
      const { tracing, begun } = start((await startReceiver()).port, ratio);
      await begun;
      return tracing;
    };

    it.each([0, 1])('is sampled by the ratio %i, in the same trace', async (ratio) => {
      const tracing = await running(ratio);
      for (const flags of [0, 1]) expect(flagsOf(tracing, 'ab'.repeat(16), flags)).toBe(ratio);
    });

    it('is recorded like the others of its trace, whatever id a client has chosen for it', async () => {
      const tracing = await running(0.5);
      // The sampler of OpenTelemetry would record each of these: the parts of the id cancel each other out.
      const ids = Array.from({ length: 400 }, (_, index) => (index + 1).toString(16).padStart(8, '0').repeat(4));
      const flags = ids.map((id) => flagsOf(tracing, id, 1));
      expect(ids.map((id) => flagsOf(tracing, id, 0))).toEqual(flags);
      const recorded = flags.filter((flag) => flag === 1).length;
      expect(recorded).toBeGreaterThan(120);
      expect(recorded).toBeLessThan(280);
    });
  });

  it('samples new traces by the ratio, and others by their own flag', async () => {
    const receiver = await startReceiver();
    const { tracing, begun } = start(receiver.port, 0);
    await begun;
    expect(parseTraceparent(begin(tracing).traceparent)).toMatchObject({ flags: 0 });
    for (const flags of [0, 1]) {
      const parent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-0${flags}`;
      const { traceparent } = begin(tracing, { ...ROOT, parent });
      expect(parseTraceparent(traceparent)).toMatchObject({ traceId: 'ab'.repeat(16), flags });
    }
  });
});
