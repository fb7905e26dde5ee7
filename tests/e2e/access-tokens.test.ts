/** The images under Compose with the profile `auth`: the API asks for access tokens of the laptop's provider. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Order } from '@orderflow/contracts';
import { forDocker } from '../../tools/local/environment.mjs';
import { createApiClient, orderFor } from '../support/api-client.js';
import { authVariables, startComposeSystem, type ComposeSystem } from '../support/compose-system.js';
import { HARDENED, inspectContainer } from '../support/hardening.js';
import { createVisitor } from '../support/identity-provider/visitor.js';
import { compileOps } from '../support/orderctl.js';

// Each test waits for a whole system.
jest.setTimeout(60_000);

describe('the system on Compose, with access tokens', () => {
  let system: ComposeSystem;
  let issuer: string;
  const operator = createApiClient(() => system.apiUrl());

  beforeAll(async () => {
    await compileOps();
    const variables = await authVariables();
    issuer = `http://localhost:${variables.IDENTITY_PORT ?? ''}`;
    system = await startComposeSystem(variables);
  }, 600_000);

  afterAll(async () => {
    await system.dispose();
  }, 60_000);

  it('confines the provider, and publishes its port on this machine only', async () => {
    const containers = await system.containers();
    const provider = containers.find(({ Service }) => Service === 'identity-provider');
    expect(provider).toMatchObject({ Health: 'healthy' });
    expect(await inspectContainer(provider?.ID ?? '')).toEqual(HARDENED);
  });

  it('keeps two customers apart, and shows both to an operator', async () => {
    const url = `${await system.apiUrl()}/api/orders`;
    const visitor = createVisitor(issuer, `${await system.apiUrl()}/`);
    const { body } = await visitor.signIn('alice');
    const other = await createVisitor(issuer, `${await system.apiUrl()}/`).signIn('bob');
    const [alice, bob] = [body, other.body].map(({ access_token: token }) => ({ authorization: `Bearer ${token}` }));

    const order = Object.assign(orderFor('book-1'), { customerId: 'alice' });
    const place = (headers: Record<string, string> = {}) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(order),
      });
    const placed = await place(alice);
    expect(placed.status).toBe(201);
    const { orderId } = (await placed.json()) as Order;
    await operator.orderInState(orderId, 'COMPLETED');
    const statusFor = async (headers?: Record<string, string>) =>
      (await fetch(`${url}/${orderId}`, { headers })).status;
    expect(await Promise.all([alice, bob, undefined].map(statusFor))).toEqual([200, 404, 401]);
    expect(await Promise.all([bob, undefined].map(async (headers) => (await place(headers)).status))).toEqual([
      404, 401,
    ]);
  });

  it.each([
    ['tools/demo.mjs', /order COMPLETED/],
    ['tools/orderctl/dist/main.js send --count 1 --wait', /1 completed, 0 failed/],
    ['tools/doctor.mjs', /✓ Access tokens +the API accepts those of http:\/\/localhost:\d+.* 0 failed/s],
  ])('is used by %s with a token', async (tool, said) => {
    const { COMPOSE_PROJECT_NAME } = system.environment;
    const env = { ...forDocker(process.env), ORDERFLOW_LOCAL_DIR: '/no/such/folder', COMPOSE_PROJECT_NAME };
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', ...tool.split(' ')], { env });
    expect(stdout).toMatch(said);
  });
});
