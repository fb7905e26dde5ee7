import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { createRecordingTracer } from '@orderflow/testing/recording-tracer';
import { createEventPublisher } from './publisher.js';

const OCCURRED_AT = '2027-01-01T00:00:00.123Z';
const event = (n: number, padding = '') => ({
  source: 'test',
  type: 'Made',
  detail: { metadata: { occurredAt: OCCURRED_AT }, data: { n, padding } },
});

function createPublisher(options: { concurrency?: number; capacity?: number } = {}) {
  const { eventBridge } = createFakeAws({ eventBuses: ['bus'] });
  const publisher = createEventPublisher(eventBridge, { bus: 'bus', ...options });
  return { eventBridge, publisher, calls: () => eventBridge.callsOf('PutEvents').map(({ Entries = [] }) => Entries) };
}

describe('the event publisher', () => {
  it('writes an event as EventBridge expects it', async () => {
    const { publisher, calls } = createPublisher();
    await publisher.publish(event(1));
    expect(calls()).toEqual([
      [
        {
          EventBusName: 'bus',
          Source: 'test',
          DetailType: 'Made',
          Detail: JSON.stringify(event(1).detail),
          Time: new Date(OCCURRED_AT),
        },
      ],
    ]);
  });

  it('sends concurrent events in calls of ten, each once', async () => {
    const { publisher, calls } = createPublisher();
    await Promise.all(Array.from({ length: 25 }, (_, n) => publisher.publish(event(n))));
    expect(calls().map((entries) => entries.length)).toEqual([10, 10, 5]);
    const sent = calls().flatMap((entries) => entries.map(({ Detail }) => Detail));
    expect(sent).toEqual(Array.from({ length: 25 }, (_, n) => JSON.stringify(event(n).detail)));
  });

  it('sends at most 256 KB per call, counted in bytes', async () => {
    const { publisher, calls } = createPublisher();
    // 'ü' is one character and two bytes: counted in characters, four would fit. The fake rejects a call that is too
    // large.
    await Promise.all([1, 2, 3, 4].map((n) => publisher.publish(event(n, 'ü'.repeat(60_000)))));
    expect(calls().map((entries) => entries.length)).toEqual([2, 2]);
  });

  it('fails only the event that is too large', async () => {
    const { publisher, calls } = createPublisher();
    const outcomes = await Promise.allSettled([
      publisher.publish(event(1)),
      publisher.publish(event(2, 'x'.repeat(300_000))),
      publisher.publish(event(3)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls()).toHaveLength(3);
  });

  it('rejects only the event whose entry failed', async () => {
    const { publisher, eventBridge } = createPublisher();
    eventBridge.rejectEntriesNext('PutEvents', 'ThrottlingException', 2);
    const outcomes = await Promise.allSettled([1, 2, 3].map((n) => publisher.publish(event(n))));
    expect(outcomes).toEqual([
      { status: 'rejected', reason: expect.objectContaining({ name: 'ThrottlingException' }) as unknown },
      { status: 'rejected', reason: expect.objectContaining({ name: 'ThrottlingException' }) as unknown },
      { status: 'fulfilled', value: undefined },
    ]);
  });

  it('rejects every event of a failed call, and continues', async () => {
    const { publisher, eventBridge } = createPublisher();
    eventBridge.failNext('PutEvents', connectionRefused);
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => publisher.publish(event(n))));
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array<string>(10).fill('rejected'),
      'fulfilled',
      'fulfilled',
    ]);
  });

  it('fails events that wait behind an unanswered call, and continues', async () => {
    const { publisher, eventBridge, calls } = createPublisher({ concurrency: 1 });
    eventBridge.failNext('PutEvents', () => Object.assign(new Error('no answer'), { name: 'TimeoutError' }));
    const outcomes = await Promise.allSettled(Array.from({ length: 25 }, (_, n) => publisher.publish(event(n))));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(25);
    expect(calls()).toHaveLength(1);
    await publisher.publish(event(25));
    expect(calls()).toHaveLength(2);
  });

  it('flushes waiting events and calls in flight', async () => {
    const { publisher, calls } = createPublisher({ concurrency: 1 });
    let published = 0;
    for (let n = 0; n < 35; n++) void publisher.publish(event(n)).then(() => (published += 1));
    await publisher.flush();
    expect({ published, calls: calls().length }).toEqual({ published: 35, calls: 4 });
    await publisher.flush();
  });

  it('refuses events when too many wait', async () => {
    const { publisher } = createPublisher({ capacity: 3 });
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => publisher.publish(event(n))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  });
});

describe('the spans of publications', () => {
  const TRACEPARENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
  const traced = () => {
    const { eventBridge } = createFakeAws({ eventBuses: ['bus'] });
    const { tracing, ended } = createRecordingTracer();
    return { eventBridge, ended, publisher: createEventPublisher(eventBridge, { bus: 'bus', tracing }) };
  };
  const made = () => {
    const metadata = { occurredAt: OCCURRED_AT, eventId: 'e1', correlationId: 'c1', traceparent: TRACEPARENT };
    return { ...event(1), detail: { metadata, data: {} } };
  };

  it('are children of the context that the event carries', async () => {
    const { publisher, ended } = traced();
    await publisher.publish(made());
    expect(ended).toMatchObject([{ name: 'send bus', kind: 'producer', parent: TRACEPARENT, failures: [] }]);
    expect(ended[0]!.attributes).toEqual({
      'messaging.system': 'aws_eventbridge',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'bus',
      'messaging.message.id': expect.any(String),
      'messaging.message.conversation_id': 'c1',
      'orderflow.event.type': 'Made',
      'orderflow.event.id': 'e1',
    });
  });

  it('reuse the span that was started for the event', async () => {
    const { publisher, ended } = traced();
    const span = publisher.beginSpan(undefined)!;
    await publisher.publish({ ...made(), span });
    expect(ended.map(({ traceparent }) => traceparent)).toEqual([span.traceparent]);
  });

  it('end as failures when the bus rejects the event', async () => {
    const { publisher, eventBridge, ended } = traced();
    eventBridge.failNext('PutEvents', connectionRefused);
    await expect(publisher.publish(made())).rejects.toThrow();
    expect(ended).toMatchObject([{ failures: [connectionRefused().name] }]);
  });
});
