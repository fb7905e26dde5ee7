import { ReceiveMessageCommand, type ReceiveMessageCommandOutput } from '@aws-sdk/client-sqs';
import type { AwsClients } from './clients.js';
import { countQueue } from './queue-counts.js';

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
