import { INDEXES, OrderCreatedEvent, resourceNames } from '@orderflow/contracts';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { queueUrlOf } from '../aws/arns.js';
import { createFakeAws } from '../aws/fake-aws.js';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';

const NAMES = resourceNames('test');

/** A stage in memory, as the commands meet it. */
export function createFakeSystem() {
  const table = (TableName: string, key: string) => ({
    TableName,
    KeySchema: [{ AttributeName: key, KeyType: 'HASH' as const }],
    AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' as const }],
  });
  const byOrder = {
    IndexName: INDEXES.byOrder,
    KeySchema: [
      { AttributeName: 'orderId', KeyType: 'HASH' as const },
      { AttributeName: 'createdAtId', KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  };
  const notifications = table(NAMES.notificationsTable, 'notificationId');
  const byOrderKeys = byOrder.KeySchema.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' as const }));
  const queues = [NAMES.orderQueue, NAMES.orderDeadLetterQueue, NAMES.notificationQueue];
  const aws = createFakeAws({
    tables: [
      table(NAMES.ordersTable, 'orderId'),
      {
        ...notifications,
        AttributeDefinitions: [...notifications.AttributeDefinitions, ...byOrderKeys],
        GlobalSecondaryIndexes: [byOrder],
      },
    ],
    queues: [...queues, NAMES.notificationDeadLetterQueue, NAMES.undeliveredQueue].map((name) => ({ name })),
    rules: [
      {
        name: NAMES.orderCreatedRule,
        eventBusName: NAMES.bus,
        detailTypes: [OrderCreatedEvent.type],
        queueUrl: queueUrlOf(NAMES.orderQueue),
      },
    ],
    longestPollMs: 1,
  });
  const system: ConnectedSystem = {
    stage: 'test',
    where: 'the fake',
    names: NAMES,
    aws: { ...aws, polling: aws.sqs, close: () => undefined },
    urlOf: (queue) => Promise.resolve(queueUrlOf(queue)),
  };
  return {
    aws,
    system,
    put: (...orders: OrderRecord[]) => {
      for (const order of orders) aws.dynamo.seed(NAMES.ordersTable, order);
    },
    order: (orderId: string) => aws.dynamo.item(NAMES.ordersTable, { orderId }),
    /** Bodies and attributes of what a queue holds. */
    queue: (name: 'orderQueue' | 'orderDeadLetterQueue') => aws.sqs.messages(queueUrlOf(NAMES[name])),
    deadLetter: (body: string, attributes: Record<string, string>) =>
      aws.sqs.enqueue(
        queueUrlOf(NAMES.orderDeadLetterQueue),
        body,
        Object.fromEntries(
          Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
        ),
      ),
  };
}
