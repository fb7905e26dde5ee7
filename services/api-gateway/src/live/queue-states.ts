import type { QueueState, ResourceNames } from '@orderflow/contracts';
import type { Sqs } from '@orderflow/platform/aws/clients';
import { countQueue } from '@orderflow/platform/aws/queue-counts';

/** Counts the messages of all queues of a stage, without receiving any. @throws SQS errors */
export function createReadQueues(sqs: Sqs, urlOf: (queue: string) => Promise<string>, names: ResourceNames) {
  const queues: [name: string, role: QueueState['role']][] = [
    [names.orderQueue, 'work'],
    [names.notificationQueue, 'work'],
    [names.orderDeadLetterQueue, 'dead-letter'],
    [names.notificationDeadLetterQueue, 'dead-letter'],
    [names.undeliveredQueue, 'undelivered'],
  ];
  return (): Promise<QueueState[]> =>
    Promise.all(queues.map(async ([name, role]) => ({ name, role, ...(await countQueue(sqs, await urlOf(name))) })));
}
