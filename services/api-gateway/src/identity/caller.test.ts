import { expect, it } from '@jest/globals';
import { createIssuer, JWT_MODE, OPERATOR } from '@orderflow/testing/api-gateway/issuer';
import { bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

const ALL = ['notifications:write', 'ops', 'orders:read', 'orders:write'];

async function ask(claims: Record<string, unknown>) {
  const issuer = await createIssuer();
  const { get } = await startApi(JWT_MODE, undefined, issuer.fetch);
  const answer = await get('/api/caller', await issuer.as(claims));
  expect(answer.status).toBe(200);
  const { scopes, ...who } = bodyOf<{ scopes: string[] }>(answer);
  return { ...who, scopes: scopes.sort() };
}

it('a customer is told its customer id and its scopes', async () => {
  expect(await ask({ scope: 'orders:read email' })).toEqual({
    ...{ subject: 'alice', customerId: 'alice', scopes: ['orders:read'] },
  });
});

it('a caller without any scope of the API is told so', async () => {
  expect(await ask({ scope: undefined })).toEqual({ subject: 'alice', customerId: 'alice', scopes: [] });
});

it('an operator is no customer', async () => {
  expect(await ask(OPERATOR)).toEqual({ subject: 'olga', scopes: ALL });
});

it('without a token nobody is told anything', async () => {
  const { get } = await startApi(JWT_MODE, undefined, (await createIssuer()).fetch);
  expect((await get('/api/caller')).status).toBe(401);
});

it('while no tokens are needed, the caller is nobody in particular and may do everything', async () => {
  const answer = await (await startApi()).get('/api/caller');
  const { scopes, ...who } = bodyOf<{ scopes: string[] }>(answer);
  expect({ ...who, scopes: scopes.sort() }).toEqual({ scopes: ALL });
});
