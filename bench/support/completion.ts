/** Waits for orders to be COMPLETED. A run is void if an order is not completed exactly once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { countQueue, depthOf } from '@orderflow/platform/aws/queues';
import type { BenchSystem } from './bench-system.js';

const LOOK_EVERY_MS = 100;
/** Give up after this time without a completion. It is longer than the visibility timeout of a lost message. */
const STUCK_AFTER_MS = 45_000;

type Completion = { status: string; effects: number; updatedAtMs: number };

async function readOrders({ dynamo, names }: BenchSystem): Promise<Map<string, Completion>> {
  const found = new Map<string, Completion>();
  let next: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamo.send(
      new ScanCommand({
        TableName: names.ordersTable,
        ConsistentRead: true,
        ProjectionExpression: 'orderId, #status, effects, updatedAt',
        ExpressionAttributeNames: { '#status': 'status' },
        ExclusiveStartKey: next,
      }),
    );
    for (const { orderId, status, effects, updatedAt } of page.Items ?? []) {
      found.set(orderId?.S ?? '', {
        status: status?.S ?? '',
        effects: Number(effects?.N),
        updatedAtMs: Date.parse(updatedAt?.S ?? ''),
      });
    }
    next = page.LastEvaluatedKey;
  } while (next);
  return found;
}

/**
 * @param beforeLook called before each read of the table; the last call is at the time of completion
 * @returns epoch ms of the last completion
 * @throws if an order is lost, has failed, or has not had its effect exactly once
 */
export async function untilCompleted(
  system: BenchSystem,
  orderIds: readonly string[],
  beforeLook: () => void = () => undefined,
): Promise<number> {
  let fewest = Infinity;
  let progressAt = performance.now();
  for (;;) {
    let left = depthOf(await countQueue(system.sqs, system.orderQueueUrl));
    if (left === 0) {
      beforeLook();
      const found = await readOrders(system);
      const orders = orderIds.map((id) => found.get(id));
      left = orders.filter((order) => order?.status !== 'COMPLETED').length;
      if (left === 0) {
        const wrong = orders.filter((order) => order?.effects !== 1).length;
        if (wrong > 0)
          throw new Error(`void: ${wrong} of ${orders.length} orders did not have their effect exactly once`);
        return orders.reduce((last, order) => Math.max(last, order?.updatedAtMs ?? 0), 0);
      }
    }
    if (left < fewest) {
      fewest = left;
      progressAt = performance.now();
    }
    if (performance.now() - progressAt > STUCK_AFTER_MS) {
      throw new Error(`void: ${left} of ${orderIds.length} orders or their messages are left, without progress`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}
