import type { QueueCounts } from '../aws/queue-counts.js';
import type { MonotonicClock, Stopwatch } from '../runtime/clock.js';
import type { Metrics } from './metrics.js';

type QueueDepthOptions = {
  queues: readonly string[];
  count: (queue: string) => Promise<QueueCounts>;
  monotonic: MonotonicClock;
  /** However often somebody scrapes, the queues are asked no more often. */
  everyMs?: number;
  /** What a scrape waits for the queues at most. */
  withinMs?: number;
};

type Counted = readonly (readonly [queue: string, counts: QueueCounts])[];

/** What the queues hold, asked for when somebody scrapes. A queue that does not answer is not there: no error, no wait. */
export function exposeQueueDepths(metrics: Metrics, options: QueueDepthOptions): void {
  const { queues, count, monotonic, everyMs = 10_000, withinMs = 1_000 } = options;
  let asked: { agoMs: Stopwatch; counted: Promise<Counted> } | undefined;

  async function countAll(): Promise<Counted> {
    const answers = await Promise.allSettled(queues.map(async (queue) => [queue, await count(queue)] as const));
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  /** Nothing, when the answer is late; the next scrape may have it. */
  async function inTime(counted: Promise<Counted>): Promise<Counted> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Counted>((resolve) => {
      timer = setTimeout(resolve, withinMs, []);
    });
    return Promise.race([counted, late]).finally(() => {
      clearTimeout(timer);
    });
  }

  metrics.gauge({
    name: 'queue_messages',
    help: 'Messages in a queue, as SQS estimates them: visible, in flight (received, not yet deleted), or delayed.',
    labelNames: ['queue', 'state'],
    async collect() {
      if (!asked || asked.agoMs() >= everyMs) asked = { agoMs: monotonic.startStopwatch(), counted: countAll() };
      const counted = await inTime(asked.counted);
      this.reset();
      for (const [queue, { visible, inFlight, delayed }] of counted) {
        this.set({ queue, state: 'visible' }, visible);
        this.set({ queue, state: 'in_flight' }, inFlight);
        this.set({ queue, state: 'delayed' }, delayed);
      }
    },
  });
}
