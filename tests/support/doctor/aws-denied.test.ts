/** What `npm run doctor -- --aws` says when the caller lacks a permission. */
import { describe, expect, it } from '@jest/globals';
import { notRead } from '../../../tools/doctor/aws/explain.mjs';
import { readServices } from '../../../tools/doctor/aws/service.mjs';
import { createCredentials, emulatorClient } from '../../../tools/local/environment.mjs';
import { startFakeUpstream } from '../faulty-network/fake-upstream.js';
import { readPolicy } from '../policy-gate/evaluate.js';
import { startPolicyGate } from '../policy-gate/gate.js';

const around = { stage: 'shop', region: 'eu-central-1', profile: undefined };
const denied = (action: string): Error => {
  const user = 'arn:aws:sts::123456789012:assumed-role/Reader/anna';
  const message = `User: ${user} is not authorized to perform: ${action} on resource: *`;
  return Object.assign(new Error(message), { name: 'AccessDeniedException' });
};

describe('a part that was not read because of a denied call', () => {
  it.each(['ecs:ListTasks', 'ecs:DescribeTaskDefinition', 'events:ListRules'])(
    'is skipped for %s, which an administrator may grant',
    (action) => {
      const why = 'AWS grants it on * only, so shop-operator-eu-central-1 lacks it';
      expect(notRead('Part', denied(action), around)).toEqual({
        ...{ check: 'Part', status: 'skipped', found: `not read: ${action} is not allowed for Reader/anna` },
        fix: `ask an administrator of the account to allow ${action} on *   (${why})`,
      });
    },
  );

  it('has failed for a call that the policy of operators allows', () => {
    expect(notRead('Part', denied('ecs:DescribeTasks'), around)).toEqual({
      ...{ check: 'Part', status: 'fail', found: 'not read: ecs:DescribeTasks is not allowed for Reader/anna' },
      fix: 'attach the managed policy shop-operator-eu-central-1 to your role or user',
    });
  });
});

it('services are read without their images and stopped tasks if these are denied', async () => {
  const service = { serviceName: 'api-gateway', taskDefinition: 'arn:aws:ecs:r:1:task-definition/shop-api:7' };
  const upstream = await startFakeUpstream(() => ({ services: [service] }));
  const resource = 'arn:aws:ecs:us-east-1:000000000000:service/shop-orderflow/api-gateway';
  const statement = { Effect: 'Allow', Action: 'ecs:DescribeServices', Resource: resource };
  const policies = { reader: readPolicy({ Version: '2012-10-17', Statement: statement }) };
  const gate = await startPolicyGate(upstream.url, { policies, upstream: createCredentials() });
  const options = { ...emulatorClient(gate.url, gate.credentialsOf('reader')), maxAttempts: 1 };
  try {
    const read = await readServices(options, 'shop-orderflow', ['api-gateway']);
    expect(read.services).toMatchObject([
      { name: 'api-gateway', images: ['task definition shop-api:7'], stopped: undefined },
    ]);
    expect(Object.keys(read.denied).sort()).toEqual(['Images', 'Stopped tasks']);
    // Another denied call leaves nothing to show.
    await expect(readServices(options, 'shop-orderflow', ['order-worker'])).rejects.toThrow('ecs:DescribeServices');
  } finally {
    await gate.dispose();
    await upstream.dispose();
  }
});
