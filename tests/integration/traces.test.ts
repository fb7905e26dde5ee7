import { describe, expect, it } from '@jest/globals';
import { replay } from '@orderflow/orderctl/dead-letters/replay';
import { eventually } from '@orderflow/testing/eventually';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { createApiClient } from '../support/api-client.js';
import { connectOperator, createTerminal } from '../support/operator.js';
import { drawTrace } from '../support/otlp-receiver.js';
import { BROKEN, useTracedSystem } from '../support/traced-system.js';

describe('traces', () => {
  const traced = useTracedSystem();
  const { placeOrder, traceOf } = traced;
  const api = createApiClient(() => traced.system.apiUrl());

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
    for (const service of SERVICE_NAMES) {
      expect(await traced.system.logs(service)).toContain(`"traceId":"${traceId}"`);
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
      const remove = traced.network.add({
        kind: 'swallow',
        service: 'EventBridge',
        operation: 'PutEvents',
        match: ({ Entries: entries = [] }) => entries[0]?.DetailType === event,
      });
      const before = traced.network.applied().get('swallow') ?? 0;
      const { traceId } = await placeOrder('book-1');
      await eventually(async () => (traced.network.applied().get('swallow') ?? 0) > before, 'the loss');
      remove();
      expect(drawTrace(await traceOf(traceId))).toEqual(trace);
    },
    30_000,
  );

  it('show a replay and its effects next to the first attempts', async () => {
    const { orderId, traceId } = await placeOrder(BROKEN);
    await api.orderInState(orderId, 'FAILED');
    await traceOf(traceId);
    await traced.system.stop('order-worker');
    await traced.system.start('order-worker');
    await eventually(
      async () => (await traced.system.logs('order-worker')).split('"message":"tracing"').length > 2,
      'the worker tracing',
    );
    const operator = await connectOperator(await traced.system.awsEndpoint(), traced.system.stage);
    expect(await replay(operator, createTerminal(), { maxReplays: 5, order: orderId })).toBe(0);
    operator.aws.close();

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
});
