import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from './clients.js';

/** The URL of a queue, asked for once. @throws QueueDoesNotExist */
export function createQueueUrls(sqs: Sqs): (queue: string) => Promise<string> {
  const known = new Map<string, string>();
  return async (queue) => {
    const url = known.get(queue) ?? (await sqs.send(new GetQueueUrlCommand({ QueueName: queue }))).QueueUrl;
    if (url === undefined) throw new Error(`SQS gave no URL for ${queue}`);
    known.set(queue, url);
    return url;
  };
}

/** Messages in a queue, whether they can be received now, later, or are being worked on. Approximate, as SQS has it. */
export async function queueDepth(sqs: Sqs, queueUrl: string): Promise<number> {
  const { Attributes: attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  return Object.values(attributes).reduce((sum, count) => sum + Number(count), 0);
}
