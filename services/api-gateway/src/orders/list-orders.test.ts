import { describe, expect, it } from '@jest/globals';
import { type Order, type OrderPage } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { anItem, anOrder, bodyOf, NAMES, NOW_MS, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { encodeCursor } from '../lists/page-cursor.js';

const HOUR_MS = 3_600_000;

/** Stores orders with these times; returns their ids, newest first. */
function seed(api: Api, times: number[], customerOf: (index: number) => string = () => 'customer-1'): string[] {
  const records = times.map((now, index) =>
    aStoredOrder({ request: { customerId: customerOf(index), items: [anItem()], totalAmount: 39.98 }, now }),
  );
  api.aws.dynamo.seed(NAMES.ordersTable, ...records);
  return records.sort((a, b) => (a.createdAtId < b.createdAtId ? 1 : -1)).map(({ orderId }) => orderId);
}

async function readAll({ get }: Api, query: string): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const answer = await get(`/api/orders?${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    expect(answer.status).toBe(200);
    const page = bodyOf<OrderPage>(answer);
    ids.push(...page.items.map(({ orderId }) => orderId));
    cursor = page.nextCursor;
  }
  return { ids, pages };
}

describe('GET /api/orders', () => {
  it('is an empty page without orders', async () => {
    expect(bodyOf(await (await startApi()).get('/api/orders'))).toEqual({ items: [], nextCursor: null });
  });

  it('lists what POST has just accepted', async () => {
    const api = await startApi();
    const { orderId } = bodyOf<Order>(await api.post('/api/orders', anOrder()));
    expect((await readAll(api, '')).ids).toEqual([orderId]);
    expect((await readAll(api, 'customerId=customer-1')).ids).toEqual([orderId]);
    expect((await readAll(api, 'customerId=customer-2')).ids).toEqual([]);
  });

  it('shows 20 orders by default', async () => {
    const api = await startApi();
    const ids = seed(
      api,
      Array.from({ length: 21 }, (_, i) => NOW_MS - i * 1_000),
    );
    const page = bodyOf<OrderPage>(await api.get('/api/orders'));
    expect(page.items.map(({ orderId }) => orderId)).toEqual(ids.slice(0, 20));
    expect(page.nextCursor).not.toBeNull();
  });

  // From 14 March 2027 back to December 2026: months with many orders, with one, and with none.
  const times = [
    ...Array.from({ length: 130 }, (_, i) => NOW_MS - i * 3 * HOUR_MS),
    ...Array.from({ length: 40 }, () => NOW_MS - 20 * 24 * HOUR_MS),
    Date.UTC(2027, 2, 1),
    Date.UTC(2027, 2, 1) - 1,
    Date.UTC(2026, 11, 31, 23, 59, 59, 999),
    Date.UTC(2026, 11, 1),
  ];

  it.each([1, 7, 25, 100])('pages through all orders by %i, newest first, each once', async (limit) => {
    const api = await startApi();
    // With one order per page, more than some dozens of pages add nothing.
    const ids = seed(api, limit === 1 ? times.slice(-30) : times);
    const read = await readAll(api, `limit=${limit}`);
    expect(read.ids).toEqual(ids);
    expect(read.pages).toBe(Math.ceil(ids.length / limit));
  });

  it('pages through the orders of one customer', async () => {
    const api = await startApi();
    seed(api, times, (index) => `customer-${index % 2}`);
    const all = await readAll(api, 'limit=100');
    const one = await readAll(api, 'limit=9&customerId=customer-1');
    const theirs = new Set(
      api
        .orders()
        .filter((order) => order.customerId === 'customer-1')
        .map((order) => order.orderId),
    );
    expect(one.ids).toEqual(all.ids.filter((id) => theirs.has(id)));
    expect(one.ids.length).toBe(theirs.size);
  });

  it('does not repeat or skip an order when new ones come in between', async () => {
    const api = await startApi();
    const ids = seed(
      api,
      Array.from({ length: 10 }, (_, i) => NOW_MS - i),
    );
    const first = bodyOf<OrderPage>(await api.get('/api/orders?limit=5'));
    seed(api, [NOW_MS + 1, NOW_MS + 2]);
    const second = bodyOf<OrderPage>(await api.get(`/api/orders?limit=5&cursor=${first.nextCursor!}`));
    expect([...first.items, ...second.items].map(({ orderId }) => orderId)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
  });

  it('shows every current status', async () => {
    const api = await startApi();
    const [orderId] = seed(api, [NOW_MS]);
    const stored = api.aws.dynamo.item(NAMES.ordersTable, { orderId })!;
    api.aws.dynamo.seed(NAMES.ordersTable, { ...stored, status: 'COMPLETED', version: 3 });
    for (const query of ['', 'customerId=customer-1']) {
      const { items } = bodyOf<OrderPage>(await api.get(`/api/orders?${query}`));
      expect(items).toEqual([expect.objectContaining({ orderId, status: 'COMPLETED', version: 3 })]);
    }
    const reads = api.aws.dynamo.callsOf('BatchGet').flatMap(({ RequestItems = {} }) => Object.values(RequestItems));
    expect(reads.map(({ ConsistentRead }) => ConsistentRead)).toEqual([true, true]);
  });

  it('reads keys again that a busy table left unread', async () => {
    const api = await startApi();
    const ids = seed(
      api,
      Array.from({ length: 10 }, (_, i) => NOW_MS - i),
    );
    api.aws.dynamo.leaveUnprocessedNext(3);
    api.aws.dynamo.leaveUnprocessedNext(3);
    expect((await readAll(api, 'limit=10')).ids).toEqual(ids);
  });

  it('shows an order of a replica whose clock is ahead, into the next month', async () => {
    const api = await startApi();
    api.time.ms = Date.UTC(2027, 3, 1) - 5;
    const ids = seed(api, [Date.UTC(2027, 3, 1) + 20, Date.UTC(2027, 3, 1) - 10]);
    expect((await readAll(api, 'limit=1')).ids).toEqual(ids);
  });

  it('shows orders created under a clock that was years behind', async () => {
    const api = await startApi();
    const ids = seed(api, [NOW_MS, Date.UTC(2025, 5, 1)]);
    expect((await readAll(api, '')).ids).toEqual(ids);
  });

  it('queries an empty past month only once', async () => {
    const api = await startApi();
    const queries = async () => {
      const before = api.aws.dynamo.callsOf('Query').length;
      await api.get('/api/orders');
      return api.aws.dynamo.callsOf('Query').length - before;
    };
    await queries();
    expect(await queries()).toBeLessThanOrEqual(4);
    const [orderId] = seed(api, [NOW_MS]);
    expect((await readAll(api, '')).ids).toEqual([orderId]);
  });
});

describe('a cursor', () => {
  async function cursorOf(api: Api, query: string): Promise<string> {
    seed(api, [NOW_MS, NOW_MS - 1, NOW_MS - 2]);
    return bodyOf<OrderPage>(await api.get(`/api/orders?limit=1&${query}`)).nextCursor!;
  }

  it.each<[string, string, (cursor: string) => string]>([
    ['of the whole list for a customer', '', (cursor) => `customerId=customer-1&cursor=${cursor}`],
    ['of a customer for the whole list', 'customerId=customer-1', (cursor) => `cursor=${cursor}`],
    ['of another customer', 'customerId=customer-1', (cursor) => `customerId=customer-2&cursor=${cursor}`],
    ['with a character changed', '', (cursor) => `cursor=${cursor.slice(0, 30)}A${cursor.slice(31)}`],
    ['with an extra character', '', (cursor) => `cursor=${cursor}A`],
    ['with a padding', '', (cursor) => `cursor=${cursor}%3D`],
    ['cut off', '', (cursor) => `cursor=${cursor.slice(0, -4)}`],
    ['of other text', '', () => `cursor=${Buffer.from('{"x":1}').toString('base64url')}`],
    ['of an invalid time', '', () => `cursor=${encodeCursor(`2027-13-01T00:00:00.000Z#${newId()}`, '')}`],
  ])('%s is refused', async (_, query, ask) => {
    const api = await startApi();
    const answer = await api.get(`/api/orders?${ask(await cursorOf(api, query))}`);
    expect(answer.status).toBe(400);
    expect(bodyOf(answer).errors).toEqual([expect.objectContaining({ path: 'cursor' })]);
  });

  it('may be used with another limit', async () => {
    const api = await startApi();
    const cursor = await cursorOf(api, '');
    expect(bodyOf<OrderPage>(await api.get(`/api/orders?limit=50&cursor=${cursor}`)).items).toHaveLength(2);
  });

  it('that was forged for the far future costs no more than the first page', async () => {
    const api = await startApi();
    const cursor = encodeCursor(`9999-12-31T23:59:59.999Z#${newId()}`, '');
    expect((await api.get(`/api/orders?cursor=${cursor}`)).status).toBe(200);
    const made = api.aws.dynamo.callsOf('Query').length;
    const fresh = await startApi();
    await fresh.get('/api/orders');
    expect(made).toBe(fresh.aws.dynamo.callsOf('Query').length);
  });
});
