import { describe, expect, it } from '@jest/globals';
import { createRecordingTracer } from '@orderflow/testing/recording-tracer';
import { parseTraceparent } from '@orderflow/platform/telemetry/traceparent';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, startApi } from '@orderflow/testing/api-gateway/start-api';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const UNRECORDED = `00-${TRACE_ID}-b7ad6b7169203331-00`;
/** The requests of these tests come from 127.0.0.1. */
const PROXIED = { TRUST_PROXY: '127.0.0.1' };

describe('without tracing', () => {
  it.each([undefined, 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])(
    'an order and its log line have a trace id when the client sends %s',
    async (traceparent) => {
      const { post, orders, log } = await startApi();
      await post('/api/orders', anOrder(), traceparent === undefined ? {} : { traceparent });
      const context = parseTraceparent(orders()[0]?.traceparent);
      expect(context).toMatchObject({ flags: 0 });
      const [line] = log.lines.filter(({ message }) => message === 'request');
      expect(line?.fields.traceId).toBe(context?.traceId);
    },
  );

  it("stays in the client's trace, with its flags if a trusted proxy sends it", async () => {
    const { post, orders, log } = await startApi(PROXIED);
    await post('/api/orders', anOrder(), { traceparent: TRACEPARENT });
    expect(orders()[0]?.traceparent).toBe(TRACEPARENT);
    expect(log.lines.find(({ message }) => message === 'request')?.fields.traceId).toBe(TRACE_ID);
  });

  it.each([
    ...[`01-${TRACE_ID}-b7ad6b7169203331-01`, `01-${TRACE_ID}-b7ad6b7169203331-ff-more`],
    ...[`cc-${TRACE_ID}-b7ad6b7169203331-09-what-the-future-will-be-like`, `fe-${TRACE_ID}-b7ad6b7169203331-01-`],
  ])("stays in the client's trace of a later version, and passes it on as version 00: %s", async (traceparent) => {
    const { post, orders, published } = await startApi(PROXIED);
    const tracestate = 'rojo=00f067aa0ba902b7,future@vendor=\x7e';
    expect((await post('/api/orders', anOrder(), { traceparent, tracestate })).status).toBe(201);
    expect(orders()[0]?.traceparent).toBe(TRACEPARENT);
    await eventually(() => published().length === 1);
    expect(published()[0]?.Detail).toContain(TRACEPARENT);
  });

  it.each([`ff-${TRACE_ID}-b7ad6b7169203331-01`, `${TRACEPARENT}-more`, `01-${TRACE_ID}-b7ad6b7169203331-01more`])(
    'starts a trace if the traceparent is invalid: %s',
    async (traceparent) => {
      const { post, orders } = await startApi();
      expect((await post('/api/orders', anOrder(), { traceparent })).status).toBe(201);
      const context = parseTraceparent(orders()[0]?.traceparent);
      expect(context?.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(context?.traceId).not.toBe(TRACE_ID);
    },
  );
});

describe("the flags of a client's traceparent", () => {
  const UNTRUSTED = [undefined, '10.0.0.0/8', '127.0.0.2,fd00::/8'];
  const envOf = (trusted: string | undefined) => (trusted === undefined ? {} : { TRUST_PROXY: trusted });

  it.each(UNTRUSTED)('are cleared in an order and its event that are not recorded: TRUST_PROXY %s', async (trusted) => {
    const { post, orders, published } = await startApi(envOf(trusted));
    // Anyone can write this header.
    await post('/api/orders', anOrder(), { traceparent: TRACEPARENT, 'x-forwarded-for': '10.1.2.3' });
    expect(orders()[0]?.traceparent).toBe(UNRECORDED);
    await eventually(() => published().length === 1);
    expect(published()[0]?.Detail).toContain(UNRECORDED);
  });

  it.each([
    ...UNTRUSTED.map((trusted) => [trusted, true] as const),
    ...['127.0.0.1', '127.0.0.0/8', '10.0.0.0/8,loopback', '1', '2'].map((trusted) => [trusted, false] as const),
  ])(
    'are ignored by the tracer unless a trusted proxy sends them: TRUST_PROXY %s, %s',
    async (trusted, ignoresFlags) => {
      const { tracing, ended } = createRecordingTracer();
      const { post } = await startApi(envOf(trusted), tracing);
      for (const traceparent of [TRACEPARENT, UNRECORDED]) await post('/api/orders', anOrder(), { traceparent });
      await eventually(() => ended.length === 4);
      const requests = ended.filter(({ kind }) => kind === 'server');
      expect(requests.map((span) => [span.parent, span.ignoresFlags])).toEqual([
        [TRACEPARENT, ignoresFlags],
        [UNRECORDED, ignoresFlags],
      ]);
      // What this process has decided is passed on.
      const sends = ended.filter(({ kind }) => kind === 'producer');
      expect(sends.map(({ ignoresFlags: ignores = false }) => ignores)).toEqual([false, false]);
    },
  );
});

describe('with tracing', () => {
  it("an order's event is a child of its request, and the request of the client's span", async () => {
    const { tracing, ended } = createRecordingTracer();
    const { post, published, orders } = await startApi({}, tracing);
    await post('/api/orders', anOrder(), { traceparent: TRACEPARENT, 'x-correlation-id': 'mine' });
    await eventually(() => ended.length === 2);
    const request = ended.find(({ kind }) => kind === 'server')!;
    const send = ended.find(({ kind }) => kind === 'producer')!;
    expect(request).toMatchObject({ name: 'POST /api/orders', parent: TRACEPARENT, failures: [] });
    expect(request.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/api/orders',
      'http.response.status_code': 201,
      'url.path': '/api/orders',
      'url.scheme': 'http',
      'orderflow.correlation_id': 'mine',
    });
    expect(send.parent).toBe(request.traceparent);
    expect(orders()[0]?.traceparent).toBe(send.traceparent);
    expect(published()[0]?.Detail).toContain(send.traceparent);
  });

  it('has no spans for probes, documents and unknown paths', async () => {
    const { tracing, begun } = createRecordingTracer();
    const { get } = await startApi({}, tracing);
    for (const path of ['/health/live', '/openapi.json', '/api/nothing', '/nothing']) await get(path);
    expect(begun).toEqual([]);
  });

  it('marks server failures as errors, but not client failures', async () => {
    const { tracing, ended } = createRecordingTracer();
    const { post, aws } = await startApi({}, tracing);
    await post('/api/orders', {});
    aws.dynamo.failAlways('*', connectionRefused);
    await post('/api/orders', anOrder());
    await eventually(() => ended.length === 2);
    expect(ended.map(({ failures }) => failures)).toEqual([[], ['503']]);
  });
});
