import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import { countQueue, depthOf } from '@orderflow/platform/aws/queue-counts';
import { queuesOf, type QueueState } from '@orderflow/contracts';
import type { ConnectedSystem } from '../connect.js';
import type { Noted } from './status.js';

export type QueueStatus = Noted<Pick<QueueState, 'name' | 'role'> & Partial<QueueState>>;

const FIX = { 'dead-letter': 'npm run ops -- dlq list', undelivered: 'npm run ops -- dlq list --queue undelivered' };

/** Counts the messages of each queue. */
export async function readQueues({ aws, names, urlOf }: ConnectedSystem): Promise<QueueStatus[]> {
  return Promise.all(
    queuesOf(names).map(async ({ name, role }): Promise<QueueStatus> => {
      try {
        const counts = await countQueue(aws.sqs, await urlOf(name));
        const depth = depthOf(counts);
        const attention = role === 'work' || depth === 0 ? {} : { attention: `${depth} to look at: ${FIX[role]}` };
        return { name, role, ...counts, ...attention };
      } catch (error) {
        if (isTopologyMissing(error)) return { name, role, attention: 'the queue is missing' };
        throw error;
      }
    }),
  );
}
