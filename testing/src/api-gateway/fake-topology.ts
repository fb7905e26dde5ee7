import { EVENT_CLASSES, INDEXES, queueNames, resourceNames } from '@orderflow/contracts';
import type { Clock } from '@orderflow/platform/runtime/clock';
import { queueUrlOf } from '../aws/arns.js';
import { createFakeAws, type FakeAws } from '../aws/fake-aws.js';
import type { TableSchema } from '../aws/fake-table.js';

/** A table with one index per entry of `indexes`, keys only; attributes whose name begins with outbox are numbers. */
function table(name: string, key: string, indexes: Record<string, readonly [string, string]>): TableSchema {
  const attributes = new Set([key, ...Object.values(indexes).flat()]);
  return {
    TableName: name,
    KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    AttributeDefinitions: [...attributes].map((AttributeName) => ({
      AttributeName,
      AttributeType: AttributeName.startsWith('outbox') ? 'N' : 'S',
    })),
    GlobalSecondaryIndexes: Object.entries(indexes).map(([IndexName, [partition, sort]]) => ({
      IndexName,
      KeySchema: [
        { AttributeName: partition, KeyType: 'HASH' },
        { AttributeName: sort, KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    })),
  };
}

/** What of infrastructure/template.yaml the API meets, in memory. */
export function createFakeTopology(stage: string, now: Clock): FakeAws {
  const names = resourceNames(stage);
  const outbox = { [INDEXES.outbox]: ['outboxShard', 'outboxAt'] as const };
  const [orderCreated, notificationRequested, orderCompleted, orderFailed] = EVENT_CLASSES.map(({ type }) => type);
  const rule = (name: string, detailTypes: (string | undefined)[], queue: string) => ({
    name,
    eventBusName: names.bus,
    detailTypes: detailTypes.filter((type) => type !== undefined),
    queueUrl: queueUrlOf(queue),
  });
  return createFakeAws({
    now,
    tables: [
      table(names.ordersTable, 'orderId', {
        ...outbox,
        [INDEXES.byCustomer]: ['customerId', 'createdAtId'],
        [INDEXES.byTime]: ['listBucket', 'createdAtId'],
      }),
      table(names.notificationsTable, 'notificationId', {
        ...outbox,
        [INDEXES.byOrder]: ['orderId', 'createdAtId'],
      }),
    ],
    queues: queueNames(names).map((name) => ({ name })),
    rules: [
      rule(names.orderCreatedRule, [orderCreated], names.orderQueue),
      rule(names.notificationRequestedRule, [notificationRequested], names.notificationQueue),
      rule(names.orderOutcomesRule, [orderCompleted, orderFailed], names.notificationQueue),
    ],
  });
}
