import { createBatcher } from '@orderflow/platform/runtime/batching';
import type { CallAws } from './call-aws.js';

const MAX_MESSAGES = 10;

export type Message = {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes: { ApproximateReceiveCount: string; SentTimestamp: string };
};

/** Receives and deletes up to ten messages per call. */
export async function openQueue(callAws: CallAws, name: string, concurrency: number) {
  const { QueueUrl } = await callAws<{ QueueUrl: string }>('sqs', 'GetQueueUrl', { QueueName: name });
  const batcher = createBatcher<string, undefined>({
    maxItems: MAX_MESSAGES,
    concurrency,
    capacity: Infinity,
    send: async (receipts) => {
      const { Failed: failed = [] } = await callAws<{ Failed?: { Id: string; Message?: string }[] }>(
        'sqs',
        'DeleteMessageBatch',
        { QueueUrl, Entries: receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle })) },
      );
      const messages = new Map(failed.map(({ Id, Message }) => [Id, Message ?? 'not deleted'] as const));
      return receipts.map((_, index) => {
        const message = messages.get(String(index));
        return message === undefined ? { result: undefined } : { error: new Error(message) };
      });
    },
  });
  return {
    receive: async (waitTimeSeconds: number): Promise<Message[]> => {
      const { Messages: messages = [] } = await callAws<{ Messages?: Message[] }>('sqs', 'ReceiveMessage', {
        QueueUrl,
        MaxNumberOfMessages: MAX_MESSAGES,
        WaitTimeSeconds: waitTimeSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
      });
      return messages;
    },
    remove: ({ ReceiptHandle }: Message) => batcher.submit(ReceiptHandle),
  };
}
