import { describe, expect, it } from '@jest/globals';
import { type Order } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { anOrder, bodyOf, NAMES, startApi } from '@orderflow/testing/api-gateway/start-api';

describe('GET /api/orders/:orderId', () => {
  it('shows the current order', async () => {
    const api = await startApi();
    const created = bodyOf<Order>(await api.post('/api/orders', anOrder()));
    expect(bodyOf(await api.get(`/api/orders/${created.orderId}`))).toEqual(created);

    const stored = api.aws.dynamo.item(NAMES.ordersTable, { orderId: created.orderId })!;
    const failure = { code: 'OUT_OF_STOCK', message: 'None left', retriable: false };
    api.aws.dynamo.seed(NAMES.ordersTable, { ...stored, status: 'FAILED', version: 3, failure });
    expect(bodyOf(await api.get(`/api/orders/${created.orderId}`))).toEqual({
      ...(created as object),
      status: 'FAILED',
      version: 3,
      failure,
    });
    expect(api.aws.dynamo.callsOf('Get').every(({ ConsistentRead }) => ConsistentRead)).toBe(true);
  });

  it('answers 304 to its own ETag until the order changes', async () => {
    const api = await startApi();
    const { orderId } = bodyOf<Order>(await api.post('/api/orders', anOrder()));
    const url = `/api/orders/${orderId}`;
    const { headers } = await api.get(url);
    const etag = headers.etag!;
    expect(etag).toMatch(/^"[^"]+"$/);

    for (const ifNoneMatch of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await api.get(url, { 'if-none-match': ifNoneMatch });
      expect({ status: answer.status, text: answer.text, etag: answer.headers.etag }).toEqual({
        status: 304,
        text: '',
        etag,
      });
    }
    for (const ifNoneMatch of ['"other"', '', etag.slice(1, -1)]) {
      expect((await api.get(url, { 'if-none-match': ifNoneMatch })).status).toBe(200);
    }

    const stored = api.aws.dynamo.item(NAMES.ordersTable, { orderId })!;
    api.aws.dynamo.seed(NAMES.ordersTable, { ...stored, status: 'PROCESSING', version: 2 });
    const changed = await api.get(url, { 'if-none-match': etag });
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).not.toBe(etag);
  });

  it('is 404 for an order that does not exist', async () => {
    const answer = await (await startApi()).get(`/api/orders/${newId()}`, { 'if-none-match': '*' });
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 404, code: 'ORDER_NOT_FOUND' });
  });
});
