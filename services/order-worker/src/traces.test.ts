import { describe, expect, it } from '@jest/globals';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated, orderOutcome } from '@orderflow/domain/orders/order-events';
import { createRecordingTracer } from '@orderflow/testing/recording-tracer';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { startOrderWorker, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';

const stored = ({ order }: OrderSystem, orderId: string) => order(orderId) as unknown as OrderRecord;

describe('a traced order', () => {
  it('publishes its event with a trace context and stores it with the outcome', async () => {
    const { tracing, ended } = createRecordingTracer();
    const system = startOrderWorker({}, tracing);
    const { orderId, message } = anOrder(system);
    system.send(message);
    await system.outcomes.next();
    const [send, process] = ended;
    expect(process).toMatchObject({ kind: 'consumer', parent: message.detail.metadata.traceparent });
    expect(send).toMatchObject({
      kind: 'producer',
      parent: process!.traceparent,
      attributes: { 'orderflow.event.type': 'OrderCompleted', 'messaging.message.id': expect.any(String) as unknown },
    });
    const [{ detail }] = system.published() as [ReturnType<OrderSystem['published']>[number]];
    expect(detail.metadata.traceparent).toBe(send!.traceparent);
    // A later publication from the item is the same event.
    expect(orderOutcome(stored(system, orderId))?.detail).toEqual(detail);
    expect(orderCreated(stored(system, orderId)).detail).toEqual(message.detail);
  });

  it('publishes the same event again for a copy of its message', async () => {
    const { tracing, ended } = createRecordingTracer();
    const system = startOrderWorker({}, tracing);
    const { message } = anOrder(system);
    system.send(message);
    await system.outcomes.next();
    system.send(message);
    expect(await system.outcomes.next()).toBe('duplicate');
    const [first, second] = system.published();
    expect(second).toEqual(first);
    const [send, again] = ended.filter(({ kind }) => kind === 'producer');
    expect(again!.parent).toBe(send!.traceparent);
  });

  it('has the context of its original event in an untraced replay', async () => {
    const { tracing } = createRecordingTracer();
    const system = startOrderWorker({ MAX_RECEIVES: '1' }, tracing);
    const { orderId, message } = anOrder(system);
    system.plan.fulfil = async () => Promise.reject(new Error('no'));
    system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    system.pass(60);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(stored(system, orderId)).toHaveProperty('outcomeTraceparent');

    tracing.tracer = undefined;
    system.plan.fulfil = async () => ({ fulfilled: true });
    system.send(message, { replayId: 'replay-1' });
    expect(await system.outcomes.next()).toBe('processed');
    const { traceparent } = message.detail.metadata;
    expect(system.published().at(-1)).toMatchObject({ type: 'OrderCompleted', detail: { metadata: { traceparent } } });
    expect(orderOutcome(stored(system, orderId))?.detail).toEqual(system.published().at(-1)!.detail);
  });

  it('ends the span of a failed publication', async () => {
    const { tracing, ended } = createRecordingTracer();
    const system = startOrderWorker({}, tracing);
    system.aws.eventBridge.failNext('PutEvents', Object.assign(new Error('no'), { name: 'ValidationException' }));
    system.send(anOrder(system).message);
    expect(await system.outcomes.next()).toBe('retry');
    await eventually(() => ended.length === 2);
    expect(ended).toMatchObject([
      { kind: 'producer', failures: ['ValidationException'] },
      { kind: 'consumer', failures: ['ValidationException'] },
    ]);
  });
});
