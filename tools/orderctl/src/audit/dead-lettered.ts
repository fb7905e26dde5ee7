import { eventFactsOf, type EventFacts } from '@orderflow/domain/dead-letters/event-facts';
import type { ConnectedSystem } from '../connect.js';
import { walkQueue } from '../dead-letters/walk-queue.js';
import { countQueue, depthOf } from '@orderflow/platform/aws/queues';

const LOOK_AGAIN_MS = 5_000;

export type DeadLettered = Awaited<ReturnType<typeof findDeadLettered>>;

/** Finds the items with a dead letter. */
export async function findDeadLettered({ aws, names, urlOf }: ConnectedSystem, elapsedMs: () => number) {
  const idOf: Record<string, (facts: EventFacts) => string | undefined> = {
    [names.orderDeadLetterQueue]: ({ orderId }) => orderId,
    [names.notificationDeadLetterQueue]: ({ notificationId }) => notificationId,
  };
  const found = new Map<string, { ids: Set<string>; depth: number }>();
  let lookedAt = -Infinity;

  async function peek(queue: string): Promise<void> {
    const queueUrl = await urlOf(queue);
    const depth = depthOf(await countQueue(aws.sqs, queueUrl));
    if (found.get(queue)?.depth === depth) return;
    const ids = new Set<string>();
    await walkQueue(
      { ...aws, elapsedMs },
      {
        queueUrl,
        visit: (messages) => {
          for (const { Body: body = '' } of messages) ids.add(idOf[queue]?.(eventFactsOf(body)) ?? '');
        },
      },
    );
    found.set(queue, { ids, depth });
  }

  /** Peeks again into queues whose depth has changed, at most every few seconds. */
  async function refresh(): Promise<void> {
    if (elapsedMs() - lookedAt < LOOK_AGAIN_MS) return;
    await Promise.all(Object.keys(idOf).map(peek));
    lookedAt = elapsedMs();
  }

  await refresh();
  const has = (queue: string) => (id: string) => found.get(queue)?.ids.has(id) ?? false;
  return {
    hasOrder: has(names.orderDeadLetterQueue),
    hasNotification: has(names.notificationDeadLetterQueue),
    refresh,
  };
}
