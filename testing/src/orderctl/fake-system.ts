import { resourceNames } from '@orderflow/contracts';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { queueUrlOf } from '../aws/arns.js';
import { createFakeStack } from '../fake-stack.js';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';

const NAMES = resourceNames('test');

/** A stage in memory, for the commands. */
export function createFakeSystem() {
  const aws = createFakeStack({ stage: 'test', longestPollMs: 1 });
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
    /** The messages of a queue. */
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
