import { describe, expect, it, jest } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { newId } from '@orderflow/domain/ids';
import { requestsNaming, type Operation } from '@orderflow/testing/api-gateway/foreign-requests';
import { OPERATOR } from '@orderflow/testing/api-gateway/issuer';
import { bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';
import { startWithTokens } from '@orderflow/testing/api-gateway/start-with-tokens';
import { SCOPES } from '../identity/caller.js';

type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes?: Record<string, { type: string; scheme: string; description: string }> };
};

// The parser takes seconds on a busy machine.
jest.setTimeout(60_000);

const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

async function start() {
  const api = await startWithTokens();
  return { ...api, document: bodyOf<Document>(await api.get('/openapi.json', await api.issuer.as(OPERATOR))) };
}

describe('/openapi.json with AUTH_MODE=jwt', () => {
  it('is a valid OpenAPI document', async () => {
    const { document } = await start();
    const validator = new Validator();
    expect(await validator.validate(document)).toEqual({ valid: true });
    validator.resolveRefs();
  });

  it('describes the token, and every scope', async () => {
    const { accessToken } = (await start()).document.components.securitySchemes ?? {};
    expect(accessToken).toMatchObject({ type: 'http', scheme: 'bearer' });
    for (const scope of Object.keys(SCOPES)) expect(accessToken?.description).toContain(`\`${scope}\``);
  });

  it('names for each operation the scope without which it is refused', async () => {
    const { document, issuer, request } = await start();
    for (const { method, path, operation } of operationsOf(document)) {
      const required = operation.security?.[0]?.accessToken;
      expect({ path, count: required?.length }).toEqual({ path, count: path === '/api/caller' ? 0 : 1 });
      const needed = required?.[0];
      // Operators may read what customers may read.
      const others = Object.keys(SCOPES).filter(
        (scope) => scope !== needed && !(needed === 'orders:read' && scope === 'ops'),
      );
      const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
      const names = { ids: [newId()], customerId: 'alice', cursors: [], keys: [] };
      const [attempt] = requestsNaming({ method, url }, operation, names);
      const statusWith = async (scope: string) => {
        const headers = { ...attempt?.headers, ...(await issuer.as({ scope })) };
        return (await request(method, attempt?.url ?? '', { ...attempt, headers })).status;
      };
      const refused = needed === undefined ? 200 : 403;
      expect({ path, status: await statusWith(others.join(' ')) }).toEqual({ path, status: refused });
      expect({ path, isRefused: (await statusWith(needed ?? '')) === 403 }).toEqual({ path, isRefused: false });
    }
  });

  it('describes what every operation may answer about tokens', async () => {
    for (const { path, operation } of operationsOf((await start()).document)) {
      for (const status of ['400', '401', '403']) {
        const headers = Object.keys(operation.responses[status]?.headers ?? {});
        expect({ path, status, headers }).toEqual({
          path,
          status,
          headers: expect.arrayContaining(['www-authenticate']),
        });
      }
      expect(Object.keys(operation.responses)).toContain('503');
    }
  });
});

it('/openapi.json says nothing of tokens with AUTH_MODE=off, also after the other mode was in use', async () => {
  await start();
  const { get } = await startApi();
  const { text } = await get('/openapi.json');
  expect(text).not.toMatch(/security|accessToken|www-authenticate|"401"/);
});
