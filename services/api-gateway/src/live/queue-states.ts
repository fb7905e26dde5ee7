import { queuesOf, type QueueState, type ResourceNames } from '@orderflow/contracts';
import type { Sqs } from '@orderflow/platform/aws/clients';
import { countQueue } from '@orderflow/platform/aws/queue-counts';

/** Counts the messages of all queues of a stage, without receiving any. @throws SQS errors */
export function createReadQueues(sqs: Sqs, urlOf: (queue: string) => Promise<string>, names: ResourceNames) {
  // The page shows work before dead letters.
  const order: QueueState['role'][] = ['work', 'dead-letter', 'undelivered'];
  const queues = queuesOf(names).sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  return (): Promise<QueueState[]> =>
    Promise.all(queues.map(async ({ name, role }) => ({ name, role, ...(await countQueue(sqs, await urlOf(name))) })));
}
