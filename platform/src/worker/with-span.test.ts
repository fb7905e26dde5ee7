import { describe, expect, it } from '@jest/globals';
import { aDelivery } from '@orderflow/testing/delivery';
import { createRecordingTracer } from '@orderflow/testing/recording-tracer';
import { NO_TRACING } from '../telemetry/tracing.js';
import type { Delivery } from './delivery.js';
import type { Next } from './pipeline.js';
import { withSpan } from './with-span.js';

const PARENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
const FROM_PARENT = JSON.stringify({ detail: { metadata: { traceparent: PARENT } } });

/** Handles deliveries under spans. */
async function handle(next: Next, ...deliveries: Delivery[]) {
  const { tracing, ended } = createRecordingTracer();
  const publisher = { beginSpan: (parent?: string) => tracing.tracer?.start('send', { kind: 'producer', parent }) };
  const step = withSpan(tracing, { queue: 'work', publisher })(next);
  const outcomes = await Promise.allSettled(deliveries.map(step));
  return { ended, outcomes };
}

describe('withSpan', () => {
  it('gives each delivery of a batch its own span, as a child of the context in its event', async () => {
    const next: Next = async ({ facts, fields }) => {
      Object.assign(facts, { type: 'Made', eventId: 'e1', correlationId: 'c1' });
      Object.assign(fields, { orderId: 'o1', failure: 'NO_LUCK' });
      return 'processed';
    };
    const { ended } = await handle(next, aDelivery({ body: FROM_PARENT, attempt: 2 }), aDelivery({ messageId: 'm2' }));
    expect(ended).toMatchObject([
      { name: 'process work', kind: 'consumer', parent: PARENT, failures: [] },
      { name: 'process work', kind: 'consumer', parent: undefined, failures: [] },
    ]);
    expect(ended[0]!.attributes).toEqual({
      'messaging.system': 'aws_sqs',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'work',
      'messaging.message.id': 'm1',
      'messaging.message.conversation_id': 'c1',
      'orderflow.event.type': 'Made',
      'orderflow.event.id': 'e1',
      'orderflow.order.id': 'o1',
      'orderflow.outcome': 'processed',
      'orderflow.replay.id': undefined,
      'orderflow.attempt': 2,
    });
  });

  it.each(['', '-more', '-what the future, brings'])(
    'accepts a parent context of a later version that ends in %j',
    async (more) => {
      const traceparent = PARENT.replace(/^00/, '01') + more;
      const body = JSON.stringify({ detail: { metadata: { traceparent } } });
      const { ended } = await handle(() => Promise.resolve('processed'), aDelivery({ body }));
      expect(ended[0]!.parent).toBe(traceparent);
    },
  );

  it('finds the context in formatted JSON, and not in text that a customer wrote', async () => {
    const data = { message: `"traceparent":"${PARENT.replaceAll('ab', 'ef')}"` };
    const body = JSON.stringify({ detail: { data, metadata: { traceparent: PARENT } } }, undefined, 1);
    const { ended } = await handle(async () => 'processed', aDelivery({ body }));
    expect(ended).toMatchObject([{ parent: PARENT }]);
  });

  it.each(['not JSON', 'null', '{"detail":1}', '{"detail":{"metadata":{"traceparent":1}}}'])(
    'starts a trace for %s, and adds its id to the log line',
    async (body) => {
      const delivery = aDelivery({ body });
      const { ended } = await handle(async () => 'dead-lettered', delivery);
      expect(ended).toMatchObject([{ parent: undefined }]);
      expect(delivery.facts.traceId).toBe(ended[0]!.traceparent.slice(3, 35));
    },
  );

  it('shows why a delivery is retried', async () => {
    const { ended } = await handle(async ({ facts }) => {
      facts.err = new TypeError('no');
      return 'retry';
    }, aDelivery());
    expect(ended).toMatchObject([{ failures: ['TypeError'], exceptions: ['no'] }]);
  });

  it('shows why a message was dead-lettered', async () => {
    const { ended } = await handle(async ({ facts }) => {
      Object.assign(facts, { code: 'NOT_JSON', reason: 'it is not' });
      return 'dead-lettered';
    }, aDelivery());
    expect(ended).toMatchObject([{ failures: ['NOT_JSON'], exceptions: ['it is not'] }]);
  });

  it('is the parent of the spans of published events', async () => {
    const { ended } = await handle(
      async ({ beginSpan }) => {
        beginSpan?.()?.end();
        return 'processed';
      },
      aDelivery({ body: FROM_PARENT }),
    );
    const [send, process] = ended;
    expect(send).toMatchObject({ kind: 'producer', parent: process!.traceparent });
  });

  it('leaves a delivery unchanged when tracing is off', async () => {
    const delivery = aDelivery({ body: FROM_PARENT });
    const step = withSpan(NO_TRACING, { queue: 'work', publisher: { beginSpan: () => undefined } });
    const seen: Delivery[] = [];
    await step(async (given) => {
      seen.push(given);
      return 'processed';
    })(delivery);
    expect(seen[0]).toBe(delivery);
    expect(delivery.facts).toEqual({});
  });
});
