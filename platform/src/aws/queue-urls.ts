import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from './clients.js';

/** Looks up the URL of a queue once. @throws QueueDoesNotExist */
export function createQueueUrls(sqs: Sqs): (queue: string) => Promise<string> {
  const known = new Map<string, string>();
  return async (queue) => {
    const url = known.get(queue) ?? (await sqs.send(new GetQueueUrlCommand({ QueueName: queue }))).QueueUrl;
    if (url === undefined) throw new Error(`SQS returned no URL for ${queue}`);
    known.set(queue, url);
    return url;
  };
}
