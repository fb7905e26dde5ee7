import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Sqs } from './clients.js';

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
