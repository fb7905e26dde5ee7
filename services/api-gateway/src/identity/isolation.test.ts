import { expect, it, jest } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import {
  requestsNaming,
  type Attempt,
  type Names,
  type Operation,
} from '@orderflow/testing/api-gateway/foreign-requests';
import { routesOf, type Route } from '@orderflow/testing/api-gateway/routes';
import { bodyOf } from '@orderflow/testing/api-gateway/start-api';
import { startTwoCustomers, type TwoCustomers } from '@orderflow/testing/api-gateway/two-customers';

/** Routes of the API that /openapi.json leaves out, with the scope that each needs. */
const UNDOCUMENTED: Record<string, Operation> = {
  'GET /api/system/events': { security: [{ accessToken: ['ops'] }], responses: {} },
};

// Thousands of requests.
jest.setTimeout(120_000);

type Paths = Record<string, Record<string, Operation>>;
type Answer = Awaited<ReturnType<TwoCustomers['request']>>;

/** Every route under /api, with its operation. @throws if a route has none */
async function operationsOf(api: TwoCustomers): Promise<(Route & { operation: Operation })[]> {
  const { paths } = bodyOf<{ paths: Paths }>(await api.get('/openapi.json', api.olga));
  const routes = (await routesOf(api)).filter(({ url }) => url.startsWith('/api'));
  return routes.map(({ method, url }) => {
    const documented = paths[url.replaceAll(/:(\w+)/g, '{$1}')];
    const name = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = documented?.[name] ?? UNDOCUMENTED[`${name.toUpperCase()} ${url}`];
    if (!operation) throw new Error(`${method} ${url} is not in /openapi.json`);
    return { method, url, operation };
  });
}

/** What an answer says, apart from the ids that the request itself named. */
function saidIn({ status, headers, text }: Answer, { url, payload = '' }: Attempt) {
  const named = `${url} ${payload}`.match(/[0-9a-f-]{36}/g) ?? [];
  const volatile = ['date', 'x-correlation-id', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'content-length'];
  const kept = Object.entries(headers).filter(([name]) => !volatile.includes(name));
  const correlationId = headers['x-correlation-id'] ?? '-';
  const said = [correlationId, ...named].reduce((rest, id) => rest.replaceAll(id, '<id>'), text);
  return { status, headers: Object.fromEntries(kept), text: said };
}

function needsOps({ security }: Operation): boolean {
  return Object.values(security?.[0] ?? {})[0]?.[0] === 'ops';
}

/** The ids that a route is tried with. The stream of an unfinished order, once open, would not end. */
const idsFor = ({ url }: Route, { orderIds, notificationId }: TwoCustomers): string[] =>
  url.endsWith('/events') ? orderIds.slice(1) : [...orderIds, notificationId];

const describeAttempt = ({ method, url, headers, payload = '' }: Attempt) =>
  `${method} ${url} ${JSON.stringify(headers)} ${payload}`;

it("no route gives a customer anything of another's", async () => {
  const api = await startTwoCustomers({ RATE_LIMIT_MAX: '1000000' });
  const wrong: object[] = [];
  let tried = 0;
  for (const { operation, ...route } of await operationsOf(api)) {
    const ids = idsFor(route, api);
    const foreign: Names = { ids, customerId: 'alice', cursors: api.cursors, keys: api.keys };
    const unknown: Names = { ...foreign, ids: ids.map(() => newId()), customerId: 'nobody' };
    const others = requestsNaming(route, operation, unknown);
    for (const [index, attempt] of requestsNaming(route, operation, foreign).entries()) {
      const as = (one: Attempt) =>
        api.request(one.method, one.url, { ...one, headers: { ...one.headers, ...api.bob } });
      const answer = await as(attempt);
      const said = saidIn(answer, attempt);
      const shown = api.secrets.filter((secret) => JSON.stringify(said).includes(secret));
      // The cursor of another list is invalid for everyone.
      const isCursor = attempt.url.includes('cursor=');
      const statuses = needsOps(operation) ? [403] : isCursor ? [400, 404] : [404];
      const isHidden = !attempt.isNamed || statuses.includes(answer.status);
      const other = others[index];
      const same = isCursor || !attempt.isNamed || !other ? said : saidIn(await as(other), other);
      const isSame = JSON.stringify(same) === JSON.stringify(said);
      const isTagged = attempt.isNamed && 'etag' in answer.headers;
      if (shown.length > 0 || !isHidden || !isSame || isTagged) {
        wrong.push({ attempt: describeAttempt(attempt), shown, said, same: isSame ? 'same' : same });
      }
      tried += 1;
    }
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(tried).toBeGreaterThan(1_000);
  expect(api.orders().filter(({ customerId }) => customerId !== 'alice')).toHaveLength(1);
});

it('the same requests give their own customer what they name', async () => {
  const api = await startTwoCustomers({ RATE_LIMIT_MAX: '1000000' });
  for (const { operation, ...route } of await operationsOf(api)) {
    if (route.url === '/api/system/events') continue;
    const names: Names = { ids: idsFor(route, api), customerId: 'alice', cursors: api.cursors, keys: [] };
    const shown = new Set<string>();
    const caller = needsOps(operation) ? api.olga : api.alice;
    for (const attempt of requestsNaming(route, operation, names)) {
      const answer = await api.request(attempt.method, attempt.url, {
        ...attempt,
        headers: { ...attempt.headers, ...caller },
      });
      if (answer.status < 300) for (const secret of api.secrets) if (answer.text.includes(secret)) shown.add(secret);
    }
    const isData = route.method !== 'HEAD' && route.url !== '/api/dead-letters';
    expect({ ...route, shows: shown.size > 0 }).toEqual({ ...route, shows: isData });
  }
});

it("another's idempotency key is free, and stays its owner's", async () => {
  const api = await startTwoCustomers();
  for (const key of api.keys) {
    const mine = await api.post(
      '/api/orders',
      { ...api.order, customerId: 'bob' },
      { ...api.bob, 'idempotency-key': key },
    );
    expect({ status: mine.status, repeat: mine.headers['idempotent-replayed'] }).toEqual({
      status: 201,
      repeat: undefined,
    });
    expect(api.orderIds).not.toContain(bodyOf(mine).orderId);
    const about = { orderId: api.orderOfBob, channel: 'SMS', message: 'Mine' };
    const notified = await api.post('/api/notifications', about, { ...api.bob, 'idempotency-key': key });
    expect({ status: notified.status, repeat: notified.headers['idempotent-replayed'] }).toEqual({
      status: 202,
      repeat: undefined,
    });
  }
  const again = await api.post('/api/orders', api.order, { ...api.alice, 'idempotency-key': api.keys[0] ?? '' });
  expect({ status: again.status, repeat: again.headers['idempotent-replayed'] }).toEqual({
    status: 201,
    repeat: 'true',
  });
  expect(bodyOf(again).orderId).toBe(api.orderIds[0]);
});

it('the list of a customer, and every page of it, has its own orders only', async () => {
  const api = await startTwoCustomers();
  for (const query of ['', '?customerId=bob', '?limit=1', '?limit=100']) {
    const { items, nextCursor } = bodyOf<{ items: { orderId: string }[]; nextCursor: null }>(
      await api.get(`/api/orders${query}`, api.bob),
    );
    expect({ ids: items.map(({ orderId }) => orderId), nextCursor }).toEqual({
      ids: [api.orderOfBob],
      nextCursor: null,
    });
  }
});
