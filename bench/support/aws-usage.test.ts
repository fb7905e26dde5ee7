import { describe, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { finish, insert } from '@orderflow/platform/work-item/transitions';
import { callsIn, countCall, itemBytes, newUsage, usageSince, writeUnitsOf } from './aws-usage.js';
import { costPerMillion } from './cost.js';

const table = ordersTable(resourceNames('bench'), { notifies: false });
const INDEXED = {
  ...{ orderId: 'o-1', customerId: 'c-1', createdAtId: 'now#o-1', listBucket: 'b-1' },
  ...{ outboxShard: 1, outboxAt: 2 },
};
const call = (usage: ReturnType<typeof newUsage>, name: string, request: object, answer: object = {}): void => {
  countCall(usage, name, JSON.stringify(request), JSON.stringify(answer));
};
const wire = (values: readonly unknown[]) =>
  values.map((value) => (typeof value === 'number' ? { N: String(value) } : { S: String(value) }));

describe('usage', () => {
  it('sizes items by names and values, as DynamoDB does', () => {
    expect(itemBytes({ a: { S: 'über' }, b: { N: '1234' }, c: { BOOL: true } })).toBe(1 + 5 + 1 + 3 + 1 + 1);
    expect(itemBytes({ l: { L: [{ S: 'ab' }] }, m: { M: { k: { S: 'v' } } } })).toBe(1 + 3 + 3 + 1 + 2 + 1 + 3);
    expect([0, 1_024, 1_025].map(writeUnitsOf)).toEqual([1, 1, 2]);
  });

  it('prices each statement of a batch and its index writes', () => {
    const usage = newUsage();
    const { text, parameters } = insert(table, INDEXED);
    const written = { result: 'completed', now: 0, attributes: {}, entries: [], outboxAt: 0 } as const;
    const outcome = { claimToken: 't', version: 2, ...written };
    const done = finish(table, 'o-1', outcome);
    call(usage, 'DynamoDB BatchExecuteStatement', {
      Statements: [{ Statement: text, Parameters: wire(parameters) }, { Statement: done.text }],
    });
    expect(usage).toMatchObject({ insertUnits: 1, updates: 1, indexWrites: 3 + 1 });
    expect(callsIn(usage)).toBe(1);
  });

  it('prices plain puts and updates the same way', () => {
    const usage = newUsage();
    call(usage, 'DynamoDB PutItem', { Item: { orderId: { S: 'x'.repeat(2_000) }, customerId: { S: 'c' } } });
    call(usage, 'DynamoDB UpdateItem', {
      UpdateExpression: 'SET #s = :s, outboxAt = :at REMOVE listBucket',
      ExpressionAttributeNames: { '#s': 'status' },
    });
    expect(usage).toMatchObject({ insertUnits: 2, updates: 1, indexWrites: 2 + 1 });
  });

  it('counts single events and empty receives', () => {
    const usage = newUsage();
    call(usage, 'EventBridge PutEvents', { Entries: [{ Detail: '{}' }, { Detail: 'x'.repeat(65_537) }] });
    call(usage, 'SQS ReceiveMessage', {}, {});
    call(usage, 'SQS ReceiveMessage', {}, { Messages: [{ Body: 'x'.repeat(70_000) }] });
    expect(usage).toMatchObject({ events: 3, emptyReceives: 1, sqsRequests: 3 });
  });

  it('prices reads by 4 KB, at half unless consistent', () => {
    const usage = newUsage();
    call(usage, 'DynamoDB GetItem', { ConsistentRead: true }, { Item: { a: { S: 'x'.repeat(5_000) } } });
    call(usage, 'DynamoDB Query', {}, { Items: [] });
    call(usage, 'DynamoDB BatchGetItem', { RequestItems: { t: { Keys: [{}, {}] } } }, { Responses: { t: [] } });
    expect(usage.readUnits).toBe(2 + 0.5 + 1);
  });

  it('subtracts two states', () => {
    const usage = newUsage();
    call(usage, 'SQS DeleteMessage', {});
    const before = { ...usage, calls: new Map(usage.calls) };
    call(usage, 'SQS ReceiveMessage', {});
    expect(usageSince(before, usage)).toMatchObject({ calls: new Map([['SQS ReceiveMessage', 1]]), sqsRequests: 1 });
  });
});

describe('cost', () => {
  it('multiplies requests, events and units by their prices', () => {
    const usage = {
      ...newUsage(),
      sqsRequests: 20,
      events: 20,
      insertUnits: 10,
      updates: 20,
      indexWrites: 40,
      readUnits: 8,
    };
    const cost = costPerMillion(usage, 10, 2);
    expect(cost.sqs).toBeCloseTo((2 + 1) * 0.4);
    expect(cost.eventBridge).toBeCloseTo(2);
    expect(cost.dynamoDb).toBeCloseTo(9 * 0.625 + 0.8 * 0.125);
    expect(cost.total).toBeCloseTo(cost.sqs + cost.eventBridge + cost.dynamoDb);
  });
});
