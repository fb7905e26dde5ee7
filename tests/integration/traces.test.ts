import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Order } from '@orderflow/contracts';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { replay } from '@orderflow/orderctl/dead-letters/replay';
import { createApiClient, orderFor } from '../support/api-client.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { startFaultyNetwork, type FaultyNetwork } from '../support/faulty-network.js';
import { lastingPort } from '../support/lasting-port.js';
import { connectOperator, createTerminal } from '../support/operator.js';
import { drawTrace, startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';
import { waitFor } from '../support/wait-for.js';

/** The product that an order worker cannot handle until it is restarted. */
const BROKEN = 'broken-1';
/** Far longer than an order takes, and shorter than the exporter's timeout of 5 s. */
const ANSWER_WITHIN_MS = 3_000;
/** Each process exports twice a second, so a span that has not arrived by then does not exist. */
const COMPLETE_AFTER_MS = 1_500;

describe('traces', () => {
  let receiver: OtlpReceiver;
  let network: FaultyNetwork;
  let system: EmbeddedSystem;
  let operator: ConnectedSystem;
  const api = createApiClient(() => system.apiUrl());

  beforeAll(async () => {
    receiver = await startOtlpReceiver(await lastingPort());
    system = await startEmbeddedSystem({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, MAX_RECEIVES: '2', QUEUE_GRACE_MS: '500' },
      envOfProcess: ({ service, life }): Record<string, string> =>
        service === 'order-worker' && life === 1 ? { FULFILMENT_BREAKS_ON: BROKEN } : {},
      endpointFor: async (emulatorUrl) => {
        network = await startFaultyNetwork(emulatorUrl);
        return network.url;
      },
    });
    operator = await connectOperator(await system.awsEndpoint(), system.stage);
    for (const service of ['api-gateway', 'order-worker', 'notification-worker'] as const) {
      await waitFor(`${service} tracing`, async () =>
        (await system.logs(service)).includes('"message":"tracing"') ? true : undefined,
      );
    }
  }, 120_000);

  afterAll(async () => {
    operator.aws.close();
    await system.dispose();
    await network.dispose();
    await receiver.dispose();
  }, 60_000);

  afterEach(async () => {
    network.heal();
    await receiver.become('up');
  });

  /** Posts as a client that traces, so the trace id is known from the start. */
  async function placeOrder(productId: string): Promise<{ orderId: string; traceId: string; tookMs: number }> {
    const traceId = randomBytes(16).toString('hex');
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
    const startedAt = performance.now();
    const response = await fetch(`${await system.apiUrl()}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: JSON.stringify(orderFor(productId)),
    });
    expect(response.status).toBe(201);
    const { orderId } = (await response.json()) as Order;
    return { orderId, traceId, tookMs: performance.now() - startedAt };
  }

  const isTold = ({ attributes }: ReceivedSpan) => attributes['orderflow.event.type'] === 'NotificationSent';

  /** The trace, once it has the expected number of notifications. */
  const traceOf = (traceId: string, notifications = 1) => {
    let latest = { count: 0, at: performance.now() };
    return waitFor(`the whole trace ${traceId}`, async () => {
      const spans = receiver.spansOf(traceId);
      if (spans.length !== latest.count) latest = { count: spans.length, at: performance.now() };
      const isComplete = performance.now() - latest.at > COMPLETE_AFTER_MS;
      return isComplete && spans.filter(isTold).length >= notifications ? spans : undefined;
    });
  };

  it('show one order from its request to its notification', async () => {
    const { orderId, traceId } = await placeOrder('book-1');
    const spans = await traceOf(traceId);
    expect(drawTrace(spans)).toEqual([
      'api-gateway SERVER POST /api/orders',
      '  api-gateway PRODUCER send local-orders OrderCreated',
      '    order-worker CONSUMER process local-order-queue OrderCreated processed',
      '      order-worker PRODUCER send local-orders OrderCompleted',
      '        notification-worker CONSUMER process local-notification-queue OrderCompleted processed',
      '          notification-worker PRODUCER send local-orders NotificationSent',
    ]);
    const [request, send, process] = spans.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    const correlationId = (await api.order(orderId)).correlationId;
    expect(request!.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/api/orders',
      'http.response.status_code': 201,
      'orderflow.correlation_id': correlationId,
    });
    expect(send!.attributes).toMatchObject({
      'messaging.system': 'aws_eventbridge',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'local-orders',
      'messaging.message.id': expect.any(String) as unknown,
      'messaging.message.conversation_id': correlationId,
      'orderflow.event.id': expect.any(String) as unknown,
    });
    expect(process!.attributes).toMatchObject({
      'messaging.system': 'aws_sqs',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'local-order-queue',
      'messaging.message.id': expect.any(String) as unknown,
      'messaging.message.conversation_id': correlationId,
      'orderflow.event.id': send!.attributes['orderflow.event.id'],
      'orderflow.order.id': orderId,
      'orderflow.attempt': 1,
    });
    for (const service of ['api-gateway', 'order-worker', 'notification-worker'] as const) {
      expect(await system.logs(service)).toContain(`"traceId":"${traceId}"`);
    }
  }, 30_000);

  it('show a redelivery next to the failed delivery', async () => {
    const { traceId } = await placeOrder('test-fails-1-times');
    const spans = await traceOf(traceId);
    expect(drawTrace(spans).slice(1, 5)).toEqual([
      '  api-gateway PRODUCER send local-orders OrderCreated',
      '    order-worker CONSUMER process local-order-queue OrderCreated retry',
      '    order-worker CONSUMER process local-order-queue OrderCreated processed',
      '      order-worker PRODUCER send local-orders OrderCompleted',
    ]);
    const [failed] = spans.filter(({ isError }) => isError);
    expect(failed).toMatchObject({
      attributes: { 'orderflow.outcome': 'retry', 'error.type': 'WarehouseError', 'orderflow.attempt': 1 },
      exceptions: ['the warehouse did not answer (attempt 1)'],
    });
  }, 30_000);

  it.each([
    {
      event: 'OrderCreated',
      trace: [
        'api-gateway SERVER POST /api/orders',
        '  api-gateway PRODUCER send local-orders OrderCreated',
        '    api-gateway PRODUCER send local-orders OrderCreated',
        '    order-worker CONSUMER process local-order-queue OrderCreated processed',
        '      order-worker PRODUCER send local-orders OrderCompleted',
        '        notification-worker CONSUMER process local-notification-queue OrderCompleted processed',
        '          notification-worker PRODUCER send local-orders NotificationSent',
      ],
    },
    {
      event: 'OrderCompleted',
      trace: [
        'api-gateway SERVER POST /api/orders',
        '  api-gateway PRODUCER send local-orders OrderCreated',
        '    order-worker CONSUMER process local-order-queue OrderCreated processed',
        '      order-worker PRODUCER send local-orders OrderCompleted',
        '        api-gateway PRODUCER send local-orders OrderCompleted',
        '        notification-worker CONSUMER process local-notification-queue OrderCompleted processed',
        '          notification-worker PRODUCER send local-orders NotificationSent',
      ],
    },
  ])(
    "show the sweeper's republication of $event below the lost publication",
    async ({ event, trace }) => {
      const remove = network.add({
        kind: 'swallow',
        service: 'EventBridge',
        operation: 'PutEvents',
        match: ({ Entries: entries = [] }) => entries[0]?.DetailType === event,
      });
      const before = network.applied().get('swallow') ?? 0;
      const { traceId } = await placeOrder('book-1');
      await waitFor('the loss', async () => ((network.applied().get('swallow') ?? 0) > before ? true : undefined));
      remove();
      expect(drawTrace(await traceOf(traceId))).toEqual(trace);
    },
    30_000,
  );

  it('show a replay and its effects next to the first attempts', async () => {
    const { orderId, traceId } = await placeOrder(BROKEN);
    await api.orderInState(orderId, 'FAILED');
    await traceOf(traceId);
    await system.stop('order-worker');
    await system.start('order-worker');
    await waitFor('the worker tracing', async () =>
      (await system.logs('order-worker')).split('"message":"tracing"').length > 2 ? true : undefined,
    );
    expect(await replay(operator, createTerminal(), { maxReplays: 5, order: orderId })).toBe(0);

    const spans = await traceOf(traceId, 2);
    expect(drawTrace(spans)).toEqual([
      'api-gateway SERVER POST /api/orders',
      '  api-gateway PRODUCER send local-orders OrderCreated',
      '    order-worker CONSUMER process local-order-queue OrderCreated retry',
      '    order-worker CONSUMER process local-order-queue OrderCreated retry',
      '    order-worker CONSUMER process local-order-queue OrderCreated dead-lettered',
      '      order-worker PRODUCER send local-orders OrderFailed',
      '        notification-worker CONSUMER process local-notification-queue OrderFailed processed',
      '          notification-worker PRODUCER send local-orders NotificationSent',
      '    order-worker CONSUMER process local-order-queue OrderCreated processed',
      '      order-worker PRODUCER send local-orders OrderCompleted',
      '        notification-worker CONSUMER process local-notification-queue OrderCompleted processed',
      '          notification-worker PRODUCER send local-orders NotificationSent',
    ]);
    expect(spans.filter(({ isError }) => isError).map(({ attributes }) => attributes['error.type'])).toEqual(
      expect.arrayContaining(['WarehouseError', 'RECEIVES_EXHAUSTED']),
    );
    const replayed = spans.filter(({ attributes }) => attributes['orderflow.replay.id'] !== undefined);
    expect(replayed.map(({ attributes }) => attributes['orderflow.outcome'])).toEqual(['processed']);
  }, 60_000);

  it('do not stop SIGUSR2 from changing the log level', async () => {
    const [worker] = system.instances('order-worker');
    const levels = async () =>
      (await worker!.logs()).split('\n').flatMap((line) => /"logLevel":"(\w+)"/.exec(line)?.[1] ?? []);
    for (const told of [['debug'], ['debug', 'info']]) {
      worker!.signal('SIGUSR2');
      await waitFor('the switch', async () => ((await levels()).length === told.length ? true : undefined));
      expect(await levels()).toEqual(told);
    }
  });

  describe.each(['down', 'hanging', 'error-500'] as const)('a receiver that is %s', (mode) => {
    it('affects neither requests nor messages', async () => {
      await traceOf((await placeOrder('book-1')).traceId);
      const lines = async (message: string) =>
        (await system.logs('api-gateway')).split(`"message":"${message}"`).length - 1;
      const complaints = () => lines('traces cannot be exported');
      const relief = () => lines('traces are exported again');
      const before = { complaints: await complaints(), relief: await relief() };

      await receiver.become(mode);
      const placed = [];
      for (let index = 0; index < 20; index++) placed.push(await placeOrder('book-1'));
      for (const { orderId } of placed) await api.orderInState(orderId, 'COMPLETED');
      expect(Math.max(...placed.map(({ tookMs }) => tookMs))).toBeLessThan(ANSWER_WITHIN_MS);
      await waitFor('a line about it', async () => ((await complaints()) > before.complaints ? true : undefined));

      await receiver.become('up');
      await waitFor('a line about its end', async () => {
        await placeOrder('book-1');
        return (await relief()) > before.relief ? true : undefined;
      });
      await traceOf((await placeOrder('book-1')).traceId);
      expect(await complaints()).toBe(before.complaints + 1);
      for (const service of ['api-gateway', 'order-worker', 'notification-worker'] as const) {
        expect(await system.logs(service)).not.toContain('"level":"error"');
      }
    }, 60_000);
  });
});
