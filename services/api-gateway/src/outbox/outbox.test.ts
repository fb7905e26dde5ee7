import { describe, expect, it } from '@jest/globals';
import type { Order } from '@orderflow/contracts';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, bodyOf, NAMES, quiet, startApi } from '@orderflow/testing/api-gateway/start-api';

describe('the sweeper of a running API', () => {
  it('publishes orders accepted during an outage of the bus, once it is over', async () => {
    const { post, aws, time, log, queued } = await startApi({ SWEEP_INTERVAL_MS: '100' });
    aws.eventBridge.failAlways('*', connectionRefused);
    const { orderId } = bodyOf<Order>(await post('/api/orders', anOrder()));
    await quiet();
    time.ms += 5_000;
    await log.next('outbox sweeper cannot work');
    expect(queued(NAMES.orderQueue)).toEqual([]);

    aws.eventBridge.heal();
    time.ms += 3_600_000;
    await log.next('outbox swept');
    expect(queued(NAMES.orderQueue).map(({ detail }) => detail)).toEqual([
      expect.objectContaining({ data: expect.objectContaining({ orderId }) as unknown }),
    ]);
  });

  it('republishes an event that the bus accepted and never delivered', async () => {
    const { post, aws, time, log, queued, published } = await startApi({ SWEEP_INTERVAL_MS: '100' });
    aws.eventBridge.loseNext();
    await post('/api/orders', anOrder());
    await eventually(() => published().length === 1);
    expect(queued(NAMES.orderQueue)).toEqual([]);
    time.ms += 5_000;
    await log.next('outbox swept');
    expect(queued(NAMES.orderQueue)).toHaveLength(1);
    expect(published().map(({ Detail }) => Detail)).toEqual(Array(2).fill(published()[0]!.Detail));
  });

  it('sweeps notifications too', async () => {
    const { post, aws, time, log, queued } = await startApi({ SWEEP_INTERVAL_MS: '100' });
    const { orderId } = bodyOf<Order>(await post('/api/orders', anOrder()));
    await eventually(() => queued(NAMES.orderQueue).length === 1);
    aws.eventBridge.loseNext();
    await post('/api/notifications', { orderId, message: 'Hi', channel: 'PUSH' });
    await quiet();
    time.ms += 5_000;
    const line = await log.next('outbox swept');
    expect(line.fields).toMatchObject({ table: NAMES.notificationsTable, republished: 1 });
    expect(queued(NAMES.notificationQueue)).toHaveLength(1);
  });

  it('continues after an outage of DynamoDB, with one log line per change', async () => {
    const { aws, log } = await startApi({ SWEEP_INTERVAL_MS: '100' });
    aws.dynamo.failAlways('*', connectionRefused);
    await log.next('outbox sweeper cannot work');
    const made = aws.dynamo.calls.length;
    await eventually(() => aws.dynamo.calls.length >= made * 3);
    aws.dynamo.heal();
    await log.next('outbox sweeper recovered');
    expect(log.lines.filter(({ message }) => message === 'outbox sweeper cannot work')).toHaveLength(1);
  });
});
