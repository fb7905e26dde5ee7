import { describe, expect, it } from '@jest/globals';
import { anOrder, bodyOf, NAMES, startApi } from '@orderflow/testing/api-gateway/start-api';
import { accessDenied } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';

const POLICY = 'test-api-gateway-us-east-1';
const MISSING = 'a permission is missing';
/** Longer than a readiness report is kept. */
const LATER_MS = 6_000;

type Api = Awaited<ReturnType<typeof startApi>>;

async function readinessOf({ get, time }: Api) {
  time.ms += LATER_MS;
  return bodyOf(await get('/health/ready'));
}

const reasonFor = (action: string, resource: string) => `not allowed: ${action} on ${resource} (policy ${POLICY})`;

describe('an API that may not', () => {
  it('insert orders answers 503, is degraded, and accepts orders once it may', async () => {
    const api = await startApi();
    api.aws.dynamo.failAlways('BatchExecuteStatement', accessDenied);
    for (let n = 0; n < 3; n++) expect((await api.post('/api/orders', anOrder())).status).toBe(503);
    const lines = api.log.lines.filter(({ message }) => message === MISSING);
    expect(lines).toMatchObject([
      { level: 'error', fields: { action: 'dynamodb:PartiQLInsert', resource: NAMES.ordersTable, policy: POLICY } },
    ]);
    const reason = reasonFor('dynamodb:PartiQLInsert', NAMES.ordersTable);
    expect(await readinessOf(api)).toMatchObject({
      status: 'degraded',
      details: { permissions: { degraded: true, reason } },
    });
    api.aws.dynamo.heal();
    expect((await api.post('/api/orders', anOrder())).status).toBe(201);
    expect(await readinessOf(api)).toMatchObject({ status: 'ok' });
  });

  it('publish events accepts orders, is degraded, and publishes once it may', async () => {
    const api = await startApi();
    api.aws.eventBridge.failAlways('PutEvents', accessDenied);
    expect((await api.post('/api/orders', anOrder())).status).toBe(201);
    await eventually(() => api.log.messages().includes(MISSING));
    const reason = reasonFor('events:PutEvents', NAMES.bus);
    expect(await readinessOf(api)).toMatchObject({ status: 'degraded', details: { permissions: { reason } } });
    api.aws.eventBridge.heal();
    await api.post('/api/orders', anOrder());
    await eventually(() => api.log.messages().includes('AWS allows it again'));
    expect(await readinessOf(api)).toMatchObject({ status: 'ok' });
  });

  it('read a table is not ready, and reports it once', async () => {
    const api = await startApi();
    api.aws.dynamo.failAlways('Get', accessDenied);
    const body = await readinessOf(api);
    const reason = reasonFor('dynamodb:GetItem', NAMES.ordersTable);
    expect(body).toMatchObject({ status: 'error', error: { 'table test-orders': { status: 'down', reason } } });
    expect(JSON.stringify(body)).not.toContain('"permissions"');
    expect((await api.get('/health/live')).status).toBe(200);
  });

  it.each([
    ['dynamodb:Query', `index outbox of ${NAMES.ordersTable}`, 'dynamo', 'Query'],
    ['dynamodb:BatchGetItem', NAMES.ordersTable, 'dynamo', 'BatchGet'],
    ['dynamodb:PartiQLUpdate', NAMES.ordersTable, 'dynamo', 'BatchExecuteStatement'],
    ['sqs:GetQueueUrl', NAMES.orderQueue, 'sqs', 'GetQueueUrl'],
    ['sqs:GetQueueAttributes', NAMES.orderQueue, 'sqs', 'GetQueueAttributes'],
    ['events:PutEvents', NAMES.bus, 'eventBridge', 'PutEvents'],
  ] as const)(
    'call %s on %s sweeps nothing, gives up nothing, and republishes once it may',
    async (action, resource, name, operation) => {
      const api = await startApi({ SWEEP_INTERVAL_MS: '100', OUTBOX_MAX_ATTEMPTS: '1', QUEUE_GRACE_MS: '0' });
      api.aws.eventBridge.loseNext();
      expect((await api.post('/api/orders', anOrder())).status).toBe(201);
      await eventually(() => api.published().length === 1);
      api.aws[name].failAlways(operation as never, accessDenied);
      api.time.ms += LATER_MS;
      const lines = () =>
        api.log.lines.filter(({ message, fields }) => message === MISSING && fields.action === action);
      await eventually(() => lines().some(({ fields }) => fields.resource === resource));
      const denied = () => api.aws[name].calls.filter((call) => call.operation === operation).length;
      const before = denied();
      for (let sweeps = 1; sweeps <= 3; sweeps++) {
        api.time.ms += LATER_MS;
        await eventually(() => denied() >= before + sweeps);
      }
      expect(await readinessOf(api)).toMatchObject({ status: 'degraded' });
      expect(api.orders()).toMatchObject([{ status: 'PENDING' }]);
      expect(api.log.messages()).toContain('outbox sweeper cannot work');

      api.aws[name].heal();
      await eventually(() => {
        api.time.ms += LATER_MS;
        return api.queued(NAMES.orderQueue).length > 0;
      });
      expect(api.orders()).toMatchObject([{ status: 'PENDING' }]);
      expect(lines().filter(({ fields }) => fields.resource === resource)).toHaveLength(1);
    },
  );
});
