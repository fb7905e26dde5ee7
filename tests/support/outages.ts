import { WORK_QUEUES, workQueueNames } from '@orderflow/contracts';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import type { AwsService } from './faulty-network/aws-json.js';
import type { Fault } from './faulty-network/faults.js';
import { queueCounts } from './operator.js';

/** Limits for an answer of the API and for recovery. */
export const ANSWER_WITHIN_MS = 3_000;
export const RECOVER_WITHIN_MS = 10_000;

/** Kinds of outages, by the reason that is reported. */
export const AWAY: Record<string, Fault> = {
  refused: { kind: 'refuse' },
  'black-holed': { kind: 'black-hole' },
  'too slow': { kind: 'delay', ms: 8_000 },
  'answering 500': { kind: 'error-500' },
};

export const OUTAGES: AwsService[][] = [['DynamoDB'], ['SQS'], ['EventBridge'], ['DynamoDB', 'SQS', 'EventBridge']];

/** Messages in the stage's dead-letter queues. */
export async function countDeadLetters(operator: ConnectedSystem): Promise<number> {
  const queues = WORK_QUEUES.map((queue) => workQueueNames(operator.names, queue).deadLetterName);
  const counts = await Promise.all(queues.map((queue) => queueCounts(operator, queue)));
  return counts.reduce((sum, { visible }) => sum + visible, 0);
}
