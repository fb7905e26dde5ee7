import { describe, expect, it } from '@jest/globals';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { walkQueue } from './walk-queue.js';

const NONE: ReadonlySet<string> = new Set();

function createQueue(messages: number) {
  const { sqs } = createFakeAws({ queues: [{ name: 'dlq' }], longestPollMs: 1 });
  const queueUrl = queueUrlOf('dlq');
  for (let index = 0; index < messages; index++) sqs.enqueue(queueUrl, `body ${index}`);
  const walk = (options: Omit<Parameters<typeof walkQueue>[1], 'queueUrl'>) =>
    walkQueue({ sqs, polling: sqs, elapsedMs: () => performance.now() }, { queueUrl, ...options });
  const met = async () => {
    const bodies: string[] = [];
    await walk({
      visit: (received) => {
        bodies.push(...received.map(({ Body: body = '' }) => body));
        return NONE;
      },
    });
    return bodies;
  };
  return { walk, met, left: () => sqs.messages(queueUrl).length };
}

describe('walkQueue', () => {
  it('visits each message once, and makes all of them visible again', async () => {
    const { met } = createQueue(95);
    for (const _ of [1, 2]) {
      const bodies = await met();
      expect(new Set(bodies).size).toBe(95);
      expect(bodies).toHaveLength(95);
    }
  });

  it('makes received messages visible again when it is interrupted or a visit fails', async () => {
    const { walk, met } = createQueue(40);
    const interruption = new AbortController();
    await walk({
      signal: interruption.signal,
      visit: () => {
        interruption.abort();
        return NONE;
      },
    });
    const failing = walk({ visit: () => Promise.reject(new Error('no disk')) });
    await expect(failing).rejects.toThrow('no disk');
    expect(await met()).toHaveLength(40);
  });

  it('ends on an empty queue', async () => {
    expect(await createQueue(0).met()).toEqual([]);
  });
});
