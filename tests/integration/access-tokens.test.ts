/** Tools and people with access tokens of the laptop's OpenID provider. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Order } from '@orderflow/contracts';
import { ofTheMachine } from '../../tools/local/environment.mjs';
import { orderFor } from '../support/api-client.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { createVisitor } from '../support/identity-provider/visitor.js';
import { compileOps, endOps, startOps } from '../support/orderctl.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CHECKOUT = { OIDC_CLIENT_ID: 'orderflow-checkout', OIDC_CLIENT_SECRET: 'orderflow-checkout' };
const OF_CHECKOUT = 'orders:write orders:read notifications:write';
const WITHIN_MS = 60_000;

let system: EmbeddedSystem;
let api: string;

beforeAll(async () => {
  await compileOps();
  system = await startEmbeddedSystem({ auth: true });
  api = await system.apiUrl();
}, 180_000);

afterAll(async () => {
  await system.dispose();
}, 60_000);

function tool(name: string, env: Record<string, string> = {}): Promise<{ code: number; output: string }> {
  const options = { cwd: root, env: { ...ofTheMachine(process.env), API_URL: api, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [`tools/${name}.mjs`], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

const call = (path: string, token: string | undefined, init: RequestInit = {}) =>
  fetch(`${api}${path}`, {
    ...init,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
  });

describe('a program', () => {
  afterEach(endOps);

  it(
    'plays the demo as an operator, and is shown a request with a token',
    async () => {
      const { code, output } = await tool('demo');
      expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('order COMPLETED') });
      expect(output).toContain('curl -H "authorization: Bearer $(npm run token --silent)"');
    },
    WITHIN_MS,
  );

  it(
    'sends orders as an operator',
    async () => {
      const send = startOps(['send', '--api', api, '--count', '5', '--wait', '--json']);
      expect(await send.exitCode).toBe(0);
      expect(JSON.parse(send.stdout())).toMatchObject({ accepted: 5, refused: 0, outcomes: { completed: 5 } });
    },
    WITHIN_MS,
  );

  it('gets a token to use with curl', async () => {
    const { output: token } = await tool('token');
    expect((await call('/api/orders', token.trim())).status).toBe(200);
    expect((await call('/api/orders', undefined)).status).toBe(401);
    const checkout = await tool('token', { ...CHECKOUT, OIDC_SCOPE: OF_CHECKOUT });
    expect((await call('/api/dead-letters', checkout.output.trim())).status).toBe(403);
  });

  it.each([
    ['has a wrong secret', { ...CHECKOUT, OIDC_CLIENT_SECRET: 'wrong' }, 'invalid_client', 'set OIDC_CLIENT_ID and'],
    ['asks for scopes that it lacks', CHECKOUT, 'invalid_scope', 'set OIDC_SCOPE'],
    ['lacks a scope', { ...CHECKOUT, OIDC_SCOPE: 'orders:read' }, 'orders:write', 'OIDC_CLIENT_ID and'],
  ])(
    'is told what to set when it %s',
    async (_, env, problem, fix) => {
      const demo = await tool('demo', env);
      expect({ code: demo.code, output: demo.output }).toEqual({ code: 1, output: expect.stringContaining(problem) });
      expect(demo.output).toContain(fix);
      const send = startOps(['send', '--api', api, '--count', '1'], env);
      expect(await send.exitCode).toBeGreaterThan(0);
      expect(send.stdout() + send.stderr()).toContain(problem);
      expect(send.stdout() + send.stderr()).toContain(fix);
    },
    WITHIN_MS,
  );
});

describe('a person', () => {
  const tokenOf = async (person: string) =>
    (await createVisitor(system.issuer ?? '', `${api}/`).signIn(person)).body.access_token;

  it('sees own orders only, and an operator sees all', async () => {
    const [alice, bob, olga] = await Promise.all(['alice', 'bob', 'olga'].map(tokenOf));
    const body = JSON.stringify(Object.assign(orderFor('book-1'), { customerId: 'alice' }));
    const placed = await call('/api/orders', alice, { method: 'POST', body });
    expect(placed.status).toBe(201);
    const { orderId } = (await placed.json()) as Order;
    const statuses = await Promise.all(
      [alice, bob, olga].map(async (token) => (await call(`/api/orders/${orderId}`, token)).status),
    );
    expect(statuses).toEqual([200, 404, 200]);
    expect((await call('/api/orders', bob, { method: 'POST', body })).status).toBe(404);
  });
});
