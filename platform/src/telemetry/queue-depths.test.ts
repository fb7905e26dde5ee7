import { describe, expect, it } from '@jest/globals';
import type { QueueCounts } from '../aws/queues.js';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { ownedTime } from '@orderflow/testing/owned-time';
import { valueOf } from '@orderflow/testing/samples';
import { createMetrics } from './metrics.js';
import { exposeQueueDepths } from './queue-depths.js';

function createDepths(count: (queue: string) => Promise<QueueCounts>) {
  const metrics = createMetrics('test');
  const time = { ms: 0 };
  const asked: string[] = [];
  exposeQueueDepths(metrics, {
    queues: ['work', 'dead'],
    count: (queue) => {
      asked.push(queue);
      return count(queue);
    },
    monotonic: ownedTime(() => time.ms),
    withinMs: 5,
  });
  const read = async (queue: string, state: string) =>
    valueOf((await metrics.scrape()).text, 'queue_messages', { queue, state });
  return { time, asked, read };
}

const COUNTS = { visible: 3, inFlight: 2, delayed: 1 };

describe('the depth of queues', () => {
  it('is reported for each queue and state', async () => {
    const { read } = createDepths(async () => COUNTS);
    expect(await read('work', 'visible')).toBe(3);
    expect(await read('work', 'in_flight')).toBe(2);
    expect(await read('dead', 'delayed')).toBe(1);
  });

  it('is requested every ten seconds at most', async () => {
    const { time, asked, read } = createDepths(async () => COUNTS);
    await read('work', 'visible');
    time.ms = 9_999;
    await read('work', 'visible');
    expect(asked).toEqual(['work', 'dead']);
    time.ms = 10_000;
    await read('work', 'visible');
    expect(asked).toHaveLength(4);
  });

  it('is absent only for a queue that does not answer', async () => {
    const state = { away: false };
    const { time, read } = createDepths(async (queue) => {
      if (state.away && queue === 'dead') throw connectionRefused();
      return COUNTS;
    });
    expect(await read('dead', 'visible')).toBe(3);
    state.away = true;
    time.ms = 10_000;
    expect(await read('dead', 'visible')).toBeUndefined();
    expect(await read('work', 'visible')).toBe(3);
  });

  it('does not delay a scrape: a late answer serves the next one', async () => {
    let answer: (counts: QueueCounts) => void = () => undefined;
    const late = new Promise<QueueCounts>((resolve) => {
      answer = resolve;
    });
    const { asked, read } = createDepths(() => late);
    expect(await read('work', 'visible')).toBeUndefined();
    answer(COUNTS);
    expect(await read('work', 'visible')).toBe(3);
    expect(asked).toHaveLength(2);
  });
});
