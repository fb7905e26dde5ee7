import { describe, expect, it } from '@jest/globals';
import { newId } from '@orderflow/domain/ids';
import { connectionRefused, internalServerError, throttled, timedOut } from '@orderflow/testing/aws/aws-errors';
import { anOrder, bodyOf, quiet, startApi } from '@orderflow/testing/api-gateway/start-api';

const json = { 'content-type': 'application/json' };

describe('without DynamoDB', () => {
  const faults = { refused: connectionRefused, 'timed out': timedOut, throttled, '500': internalServerError };
  const order = newId();
  const requests: [string, string, object?][] = [
    ['POST', '/api/orders', anOrder()],
    ['GET', '/api/orders'],
    ['GET', '/api/orders?customerId=c'],
    ['GET', `/api/orders/${order}`],
    ['GET', `/api/orders/${order}/notifications`],
    ['POST', '/api/notifications', { orderId: order, channel: 'SMS', message: 'Hi' }],
    ['GET', `/api/notifications/${order}`],
  ];
  const cases = Object.entries(faults).flatMap(([name, fault]) =>
    requests.map(([method, url, body]) => ({ name, fault, method, url, body })),
  );

  it.each(cases)('$method $url is 503 with Retry-After ($name)', async ({ fault, method, url, body }) => {
    const { aws, published, request, log } = await startApi();
    aws.dynamo.failAlways('*', fault);
    const answer = await request(method, url, body ? { headers: json, payload: JSON.stringify(body) } : {});
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({
      status: 503,
      code: 'STORAGE_UNAVAILABLE',
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.text).not.toMatch(/ECONNREFUSED|Rate exceeded|\.ts|\bat /);
    await quiet();
    expect(published()).toEqual([]);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.each([
    ['ThrottlingError', 5],
    ['ProvisionedThroughputExceeded', 5],
    ['InternalServerError', 1],
  ])('an insert that fails alone with %s, tried %i times, is 503', async (code, attempts) => {
    const { aws, post } = await startApi();
    aws.dynamo.rejectEntriesNext('BatchExecuteStatement', code, attempts);
    expect((await post('/api/orders', anOrder())).status).toBe(503);
    expect((await post('/api/orders', anOrder())).status).toBe(201);
  });
});

it('orders beyond the queue get 503 with Retry-After, and the others are accepted', async () => {
  const { aws, post, orders } = await startApi();
  const { send } = aws.dynamo;
  let answerAll: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    answerAll = resolve;
  });
  aws.dynamo.send = (async (command: never) => {
    await held;
    return send(command);
  }) as never;
  const answers = Array.from({ length: 1_100 }, () => post('/api/orders', anOrder()));
  const first = await Promise.race(answers);
  answerAll();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(first).toMatchObject({ status: 503 });
  expect(Number(first.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(statuses.filter((status) => status === 201)).toHaveLength(orders().length);
  expect(new Set(statuses)).toEqual(new Set([201, 503]));
});
