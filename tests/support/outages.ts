import { resourceNames } from '@orderflow/contracts';
import type { AwsService } from './faulty-network/aws-json.js';
import type { Fault } from './faulty-network/faults.js';
import type { createQueueLook } from './queue-look.js';

/** What the API may take to answer, and the system to recover, whatever is away. */
export const ANSWER_WITHIN_MS = 3_000;
export const RECOVER_WITHIN_MS = 10_000;

/** How a service can be away, by what is said of it then. */
export const AWAY: Record<string, Fault> = {
  refused: { kind: 'refuse' },
  'black-holed': { kind: 'black-hole' },
  'too slow': { kind: 'delay', ms: 8_000 },
  'answering 500': { kind: 'error-500' },
};

export const OUTAGES: AwsService[][] = [['DynamoDB'], ['SQS'], ['EventBridge'], ['DynamoDB', 'SQS', 'EventBridge']];

/** Messages in the stage's dead-letter queues. */
export async function countDeadLetters(look: ReturnType<typeof createQueueLook>, stage: string): Promise<number> {
  const { orderDeadLetterQueue, notificationDeadLetterQueue } = resourceNames(stage);
  const counts = await Promise.all([orderDeadLetterQueue, notificationDeadLetterQueue].map(look.counts));
  return counts.reduce((sum, { visible }) => sum + visible, 0);
}
