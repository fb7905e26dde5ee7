import { describe, expect, it } from '@jest/globals';
import { connectionRefused, timedOut } from '@orderflow/testing/aws/aws-errors';
import { anOrder, bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

/** Longer than a readiness report is kept. */
const LATER_MS = 6_000;

describe('readiness', () => {
  it.each(['/health', '/health/ready'])('%s names every dependency', async (url) => {
    const { get } = await startApi();
    const answer = await get(url);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(bodyOf(answer)).toEqual({
      status: 'ok',
      details: {
        'table test-orders': { status: 'up' },
        'table test-notifications': { status: 'up' },
        'bus test-orders': { status: 'up' },
        'rule test-order-created': { status: 'up' },
        'rule test-notification-requested': { status: 'up' },
        'rule test-order-outcomes': { status: 'up' },
        'outbox test-orders': { status: 'up' },
        'outbox test-notifications': { status: 'up' },
      },
    });
  });

  it('is degraded, but still 200, while the bus is unavailable', async () => {
    const { get, aws, time, post } = await startApi();
    aws.eventBridge.failAlways('*', connectionRefused);
    const answer = await get('/health/ready');
    expect(answer.status).toBe(200);
    expect(bodyOf(answer)).toMatchObject({
      status: 'degraded',
      details: {
        'table test-orders': { status: 'up' },
        'bus test-orders': { degraded: true, reason: expect.stringContaining('ECONNREFUSED') as unknown },
      },
    });
    expect((await post('/api/orders', anOrder())).status).toBe(201);

    aws.eventBridge.heal();
    time.ms += LATER_MS;
    expect(bodyOf(await get('/health/ready'))).toMatchObject({ status: 'ok' });
  });

  it.each([connectionRefused, timedOut])('is 503 while DynamoDB is unavailable', async (fault) => {
    const { get, aws, time } = await startApi();
    aws.dynamo.failAlways('*', fault);
    const answer = await get('/health/ready');
    expect(answer.status).toBe(503);
    expect(answer.headers['x-correlation-id']).toBeDefined();
    expect(bodyOf(answer)).toMatchObject({ status: 'error', error: { 'table test-orders': { status: 'down' } } });
    expect(answer.text).not.toMatch(/\.ts|\bat /);

    aws.dynamo.heal();
    time.ms += LATER_MS;
    expect((await get('/health/ready')).status).toBe(200);
  });

  it.each(['/health/ready', '/api/system'])('%s has no text of AWS; the log has it once', async (url) => {
    const { get, aws, time, log } = await startApi();
    const text = 'User: arn:aws:sts::123456789012:assumed-role/orders is not authorized';
    const denied = () => Object.assign(new Error(text), { name: 'AccessDeniedException' });
    for (const client of [aws.dynamo, aws.eventBridge, aws.sqs]) client.failAlways('*', denied);
    for (let probes = 0; probes < 3; probes++) {
      expect((await get(url)).text).not.toMatch(/arn:|123456789012|authorized|assumed/);
      time.ms += LATER_MS;
    }
    const failed = log.lines.filter(({ message }) => message === 'check failed');
    const checks = failed.map(({ fields }) => fields.check);
    expect(checks).toEqual([...new Set(checks)]);
    if (url === '/api/system') return;
    expect(checks).toContain('table test-orders');
    expect(failed.map(({ fields }) => (fields.err as Error).message)).toContain(text);
    expect(bodyOf(await get(url))).toMatchObject({
      error: {
        'table test-orders': {
          status: 'down',
          reason: 'not allowed: dynamodb:GetItem on test-orders (policy test-api-gateway-us-east-1)',
        },
      },
    });
  });

  it('checks the dependencies once for all requests within five seconds', async () => {
    const { get, aws, time } = await startApi();
    await Promise.all([get('/health/ready'), get('/health'), get('/health/ready')]);
    time.ms += 4_999;
    await get('/health');
    expect(aws.dynamo.callsOf('Get')).toHaveLength(2);
    time.ms += 1;
    await get('/health');
    expect(aws.dynamo.callsOf('Get')).toHaveLength(4);
  });
});

describe('liveness', () => {
  it('is 200 during any outage, and makes no calls', async () => {
    const { get, aws } = await startApi();
    for (const client of [aws.dynamo, aws.eventBridge, aws.sqs]) client.failAlways('*', connectionRefused);
    const answer = await get('/health/live');
    expect(answer.status).toBe(200);
    expect(bodyOf(answer)).toMatchObject({ status: 'ok' });
    expect([...aws.dynamo.calls, ...aws.eventBridge.calls, ...aws.sqs.calls]).toEqual([]);
  });
});
