import { WORK_QUEUES, workQueueNames } from '@orderflow/contracts';
import { eventFactsOf } from '@orderflow/domain/dead-letters/event-facts';
import type { ConnectedSystem } from '../connect.js';
import { walkQueue } from '../dead-letters/walk-queue.js';
import { countQueue, depthOf } from '@orderflow/platform/aws/queues';

const LOOK_AGAIN_MS = 5_000;
/** Such a letter only claims to be about its item, which has another message. */
const NOT_ITS_OWN: ReadonlySet<string | undefined> = new Set(['EVENT_MISMATCH', 'UNKNOWN_EVENT_SOURCE']);

export type DeadLettered = Awaited<ReturnType<typeof findDeadLettered>>;

/** Finds the items with a dead letter. */
export async function findDeadLettered({ aws, names, urlOf }: ConnectedSystem, elapsedMs: () => number) {
  const deadLetterQueues = new Map(
    WORK_QUEUES.map((queue) => {
      const { name, deadLetterName } = workQueueNames(names, queue);
      return [name, deadLetterName] as const;
    }),
  );
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
          for (const { Body: body = '', MessageAttributes } of messages) {
            if (NOT_ITS_OWN.has(MessageAttributes?.code?.StringValue)) continue;
            const { orderId, notificationId } = eventFactsOf(body);
            for (const id of [orderId, notificationId]) if (id !== undefined) ids.add(id);
          }
        },
      },
    );
    found.set(queue, { ids, depth });
  }

  /** Peeks again into queues whose depth has changed, at most every few seconds. */
  async function refresh(): Promise<void> {
    if (elapsedMs() - lookedAt < LOOK_AGAIN_MS) return;
    await Promise.all([...deadLetterQueues.values()].map(peek));
    lookedAt = elapsedMs();
  }

  await refresh();
  return {
    /** Whether the dead-letter queue of a work queue has a letter about this order or notification. */
    has: (queue: string, id: string): boolean => found.get(deadLetterQueues.get(queue) ?? '')?.ids.has(id) ?? false,
    refresh,
  };
}
