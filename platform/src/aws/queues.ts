import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandOutput,
} from '@aws-sdk/client-sqs';
import type { AwsClients, Sqs } from './clients.js';

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

export type QueueCounts = { visible: number; inFlight: number; delayed: number };

/** Approximate numbers of messages. Receives nothing. */
export async function countQueue(sqs: Sqs, queueUrl: string): Promise<QueueCounts> {
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
  return {
    visible: Number(attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(attributes.ApproximateNumberOfMessagesDelayed ?? 0),
  };
}

/** All messages in a queue: visible, in flight and delayed. */
export function depthOf({ visible, inFlight, delayed }: QueueCounts): number {
  return visible + inFlight + delayed;
}

/** A short poll may miss messages. A long poll asks every server of the queue. */
const WAIT_SECONDS = 1;
/** Limit of ReceiveMessage. */
const MAX_MESSAGES = 10;

/**
 * Some messages of a dead-letter queue, and their approximate number. They stay visible, but their receive count rises;
 * nothing depends on that count in a dead-letter queue.
 */
export async function peekQueue({ sqs, polling }: Pick<AwsClients, 'sqs' | 'polling'>, queueUrl: string) {
  const { visible } = await countQueue(sqs, queueUrl);
  if (visible === 0) return { messages: [], visible };
  const { Messages: messages = [] }: ReceiveMessageCommandOutput = await polling.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: MAX_MESSAGES,
      WaitTimeSeconds: WAIT_SECONDS,
      VisibilityTimeout: 0,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return { messages, visible };
}
