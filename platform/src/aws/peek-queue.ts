import { ReceiveMessageCommand, type ReceiveMessageCommandOutput } from '@aws-sdk/client-sqs';
import type { AwsClients } from './clients.js';
import { countQueue } from './queue-counts.js';

/** A long poll asks every server of a queue; a short one may miss messages. */
const WAIT_SECONDS = 1;
/** The most that one call hands out. */
const MOST_MESSAGES = 10;

/**
 * Some of a queue's messages, and about how many there are. They are hidden from nobody: only their receive count rises.
 * For dead-letter queues, on whose count nothing depends.
 */
export async function peekQueue({ sqs, polling }: Pick<AwsClients, 'sqs' | 'polling'>, queueUrl: string) {
  const { visible } = await countQueue(sqs, queueUrl);
  if (visible === 0) return { messages: [], visible };
  const { Messages: messages = [] }: ReceiveMessageCommandOutput = await polling.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: MOST_MESSAGES,
      WaitTimeSeconds: WAIT_SECONDS,
      VisibilityTimeout: 0,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return { messages, visible };
}
