import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { countQueue, type QueueCounts } from '@orderflow/orderctl/queue-counts';

/** Looks at queues from outside, past all faults. */
export function createQueueLook(endpoint: string) {
  const sqs = new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    counts: async (queue: string): Promise<QueueCounts> => {
      const { QueueUrl: queueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
      return countQueue(sqs, queueUrl);
    },
    dispose: () => {
      sqs.destroy();
    },
  };
}
