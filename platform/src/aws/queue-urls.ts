import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
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
