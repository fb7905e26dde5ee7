import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { INDEXES, OUTBOX_SHARDS, resourceNames } from '@orderflow/contracts';

/** What a system still has to do. */
export type Remaining = {
  /** Messages of the orders' and the notifications' queue: visible, in flight, delayed. */
  orderMessages: number;
  notificationMessages: number;
  /** Items with an outbox marker. */
  orderMarkers: number;
  notificationMarkers: number;
};

type QuietOptions = {
  /** The emulator itself: a fault on the way must not hide what is left. */
  endpoint: string;
  stage: string;
  withinMs: number;
};

const LOOK_EVERY_MS = 250;
/** A message on its way from the bus to a queue is in neither, for a moment. */
const LOOKS = 2;

export type Observer = { remaining(): Promise<Remaining>; dispose(): void };

export function createObserver({ endpoint, stage }: Omit<QuietOptions, 'withinMs'>): Observer {
  const options = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const sqs = new SQSClient(options);
  const dynamo = new DynamoDBClient(options);
  const names = resourceNames(stage);

  async function messagesIn(queue: string): Promise<number> {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
    const { Attributes: attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return Object.values(attributes).reduce((sum, count) => sum + Number(count), 0);
  }

  async function markersIn(table: string): Promise<number> {
    const counts = await Promise.all(
      Array.from({ length: OUTBOX_SHARDS }, async (_, shard) => {
        const { Count: count = 0 } = await dynamo.send(
          new QueryCommand({
            TableName: table,
            IndexName: INDEXES.outbox,
            KeyConditionExpression: 'outboxShard = :shard',
            ExpressionAttributeValues: { ':shard': { N: String(shard) } },
            Select: 'COUNT',
          }),
        );
        return count;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  return {
    remaining: async () => {
      const [orderMessages, notificationMessages, orderMarkers, notificationMarkers] = await Promise.all([
        messagesIn(names.orderQueue),
        messagesIn(names.notificationQueue),
        markersIn(names.ordersTable),
        markersIn(names.notificationsTable),
      ]);
      return { orderMessages, notificationMessages, orderMarkers, notificationMarkers };
    },
    dispose: () => {
      sqs.destroy();
      dynamo.destroy();
    },
  };
}

/**
 * Waits until nothing is left to do.
 * @returns the ms that it took
 * @throws with what is left when that takes longer than `withinMs`
 */
export async function waitForQuiet({ withinMs, ...where }: QuietOptions): Promise<number> {
  const observer = createObserver(where);
  const startedAt = performance.now();
  let quietLooks = 0;
  let quietSince = 0;
  try {
    for (;;) {
      const remaining = await observer.remaining();
      const elapsedMs = performance.now() - startedAt;
      if (Object.values(remaining).some((count) => count > 0)) quietLooks = 0;
      else if (++quietLooks === 1) quietSince = elapsedMs;
      if (quietLooks === LOOKS) return Math.round(quietSince);
      if (elapsedMs > withinMs) throw new Error(`not quiet within ${withinMs} ms: ${JSON.stringify(remaining)}`);
      await pause(LOOK_EVERY_MS);
    }
  } finally {
    observer.dispose();
  }
}
