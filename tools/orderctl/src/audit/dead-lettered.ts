import { type ResourceNames } from '@orderflow/contracts';
import { eventFactsOf, type EventFacts } from '@orderflow/domain/dead-letters/event-facts';
import { walkQueue, type WalkDependencies } from '../dead-letters/walk-queue.js';
import { countQueue, depthOf } from '@orderflow/platform/aws/queue-counts';

/** Items with a dead letter. */
export type DeadLettered = {
  hasOrder(orderId: string): boolean;
  hasNotification(notificationId: string): boolean;
  /** Peeks again into queues whose depth has changed, at most every few seconds. */
  refresh(): Promise<void>;
};

const NONE: ReadonlySet<string> = new Set();
const LOOK_AGAIN_MS = 5_000;

export async function findDeadLettered(
  dependencies: WalkDependencies,
  names: ResourceNames,
  urlOf: (queue: string) => Promise<string>,
): Promise<DeadLettered> {
  const { sqs, elapsedMs } = dependencies;
  const idOf: Record<string, (facts: EventFacts) => string | undefined> = {
    [names.orderDeadLetterQueue]: ({ orderId }) => orderId,
    [names.notificationDeadLetterQueue]: ({ notificationId }) => notificationId,
  };
  const found = new Map<string, { ids: Set<string>; depth: number }>();
  let lookedAt = -Infinity;

  async function peek(queue: string): Promise<void> {
    const queueUrl = await urlOf(queue);
    const depth = depthOf(await countQueue(sqs, queueUrl));
    if (found.get(queue)?.depth === depth) return;
    const ids = new Set<string>();
    await walkQueue(dependencies, {
      queueUrl,
      visit: (messages) => {
        for (const { Body: body = '' } of messages) ids.add(idOf[queue]?.(eventFactsOf(body)) ?? '');
        return NONE;
      },
    });
    found.set(queue, { ids, depth });
  }

  async function refresh(): Promise<void> {
    if (elapsedMs() - lookedAt < LOOK_AGAIN_MS) return;
    await Promise.all(Object.keys(idOf).map(peek));
    lookedAt = elapsedMs();
  }

  await refresh();
  return {
    hasOrder: (id) => found.get(names.orderDeadLetterQueue)?.ids.has(id) ?? false,
    hasNotification: (id) => found.get(names.notificationDeadLetterQueue)?.ids.has(id) ?? false,
    refresh,
  };
}
