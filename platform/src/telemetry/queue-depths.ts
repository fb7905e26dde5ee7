import type { QueueCounts } from '../aws/queues.js';
import type { MonotonicClock, Stopwatch } from '../runtime/clock.js';
import { within } from '../runtime/within.js';
import type { Metrics } from './metrics.js';

type QueueDepthOptions = {
  queues: readonly string[];
  count: (queue: string) => Promise<QueueCounts>;
  monotonic: MonotonicClock;
  /** Shortest time between two calls to a queue, however often Prometheus scrapes. */
  everyMs?: number;
  /** Longest time that a scrape waits for the queues. */
  withinMs?: number;
};

type Counted = readonly (readonly [queue: string, counts: QueueCounts])[];

/** Counts the messages in each queue on a scrape. A queue that does not answer has no sample and does not delay the scrape. */
export function exposeQueueDepths(metrics: Metrics, options: QueueDepthOptions): void {
  const { queues, count, monotonic, everyMs = 10_000, withinMs = 1_000 } = options;
  let asked: { agoMs: Stopwatch; counted: Promise<Counted> } | undefined;

  async function countAll(): Promise<Counted> {
    const answers = await Promise.allSettled(queues.map(async (queue) => [queue, await count(queue)] as const));
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  metrics.gauge({
    name: 'queue_messages',
    help: 'Messages in a queue, as estimated by SQS: visible, in flight (received, not yet deleted) or delayed.',
    labelNames: ['queue', 'state'],
    async collect() {
      if (!asked || asked.agoMs() >= everyMs) asked = { agoMs: monotonic.startStopwatch(), counted: countAll() };
      // The next scrape may have an answer that is late for this one.
      const counted = await within(asked.counted, { ms: withinMs, monotonic, onLate: () => [] });
      this.reset();
      for (const [queue, { visible, inFlight, delayed }] of counted) {
        this.set({ queue, state: 'visible' }, visible);
        this.set({ queue, state: 'in_flight' }, inFlight);
        this.set({ queue, state: 'delayed' }, delayed);
      }
    },
  });
}
