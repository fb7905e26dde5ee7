import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { checkAccess } from '../../../tools/doctor/access.mjs';
import { startProvider } from '../identity-provider/start-provider.js';

let provider: Awaited<ReturnType<typeof startProvider>>;

beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => {
  provider.dispose();
});

/** Checks an API that answers requests with this status; `issuer` undefined: it asks for no tokens. */
async function check(status: number, issuer: string | undefined = provider.issuer, env: NodeJS.ProcessEnv = {}) {
  const server = createServer((request, response) => {
    const isMetadata = request.url === '/.well-known/oauth-protected-resource';
    response.writeHead(isMetadata ? (issuer ? 200 : 404) : status);
    response.end(JSON.stringify(isMetadata ? { resource: 'urn:orderflow:api', authorization_servers: [issuer] } : {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await checkAccess(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, env, 'tail api.log');
  } finally {
    server.close();
  }
}

it('the doctor sees that the API accepts the tokens of its issuer', async () => {
  const found = `the API accepts those of ${provider.issuer}`;
  expect(await check(200)).toEqual([{ check: 'Access tokens', status: 'ok', found }]);
});

it.each([
  [401, 'fail', 'tail api.log'],
  [503, 'fail', 'tail api.log'],
  [403, 'warn', 'OIDC_CLIENT_ID'],
])('the doctor reports that the API answers %i to such a token', async (status, verdict, fix) => {
  expect(await check(status)).toEqual([
    {
      ...{ check: 'Access tokens', status: verdict, fix: expect.stringContaining(fix) },
      found: expect.stringContaining(`answers ${status} to a token of ${provider.issuer}`),
    },
  ]);
});

it('the doctor reports that no token can be got', async () => {
  const [away] = await check(200, 'http://127.0.0.1:9');
  expect(away).toMatchObject({ status: 'fail', fix: expect.stringContaining('npm run local -- --auth') });
  const [half] = await check(200, provider.issuer, { OIDC_CLIENT_ID: 'x' });
  expect(half).toMatchObject({ status: 'fail', fix: expect.stringContaining('OIDC_CLIENT_SECRET') });
});

it('the doctor says nothing about tokens that nobody asks for', async () => {
  const none = '';
  expect(await check(200, none)).toEqual([]);
  expect(await checkAccess('http://127.0.0.1:9', {}, '')).toEqual([]);
  expect(await checkAccess(undefined, {}, '')).toEqual([]);
});
