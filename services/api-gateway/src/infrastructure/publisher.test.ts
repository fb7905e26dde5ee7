import { describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { NO_TRACING } from '@orderflow/platform/telemetry/tracing';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { resourceNames } from '@orderflow/contracts';
import { Publisher } from './publisher.js';

const { source, type, detail } = orderCreated(aStoredOrder());

/** Deriving thousands of real event ids would take longer than the test itself. */
const created = (orderId: string) => ({ source, type, detail: { metadata: detail.metadata, data: { orderId } } });

/** Publishes to a bus that answers with the given promise. */
function createPublisher(answer: () => Promise<object>): Publisher {
  const aws = { eventBridge: { send: answer } } as unknown as AwsClients;
  return new Publisher(aws, resourceNames('test'), NO_TRACING, createRecordingLogger().logger);
}

describe('a publisher that notes accepted events', () => {
  it('remembers at least the last 1,500 orders, and at most 3,000', async () => {
    const publisher = createPublisher(() => Promise.resolve({ Entries: [{ EventId: '1' }] }));
    const ids = Array.from({ length: 3_700 }, (_, index) => `order-${index}`);
    for (const id of ids) await publisher.publish(created(id));
    const known = ids.map((id) => publisher.isPublished(id));
    expect(known.slice(-1_500)).not.toContain(false);
    expect(known.filter(Boolean).length).toBeLessThanOrEqual(3_000);
    expect(known.slice(0, 700)).not.toContain(true);
  });

  it('does not know an order whose event the bus has not accepted', async () => {
    const publisher = createPublisher(() => Promise.reject(new Error('no bus')));
    const id = newId();
    await expect(publisher.publish(created(id))).rejects.toThrow('no bus');
    expect(publisher.isPublished(id)).toBe(false);
  });
});
