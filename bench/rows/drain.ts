import { countQueue, depthOf } from '@orderflow/platform/aws/queues';
import { eventually } from '@orderflow/testing/eventually';
import type { BenchSystem } from '../support/bench-system.js';
import { untilCompleted } from '../support/completion.js';
import { closedLoop, createLoadClient } from '../support/load.js';
import { CLIENTS } from './saturation.js';

const WITHIN_MS = 60_000;
/** The duration is measured to this precision. */
const LOOK_EVERY_MS = 20;

const untilQueue = (system: BenchSystem, is: (counts: { depth: number; visible: number }) => boolean) =>
  eventually(
    async () => {
      const counts = await countQueue(system.sqs, system.orderQueueUrl);
      return is({ depth: depthOf(counts), visible: counts.visible });
    },
    'the passage of the orders through the queue',
    WITHIN_MS,
    LOOK_EVERY_MS,
  );

/** How long a worker takes to drain a backlog: from its start, and from its first receive. */
export async function measureDrain(system: BenchSystem, orders: number) {
  await system.system.stop('order-worker');
  const client = createLoadClient(system.apiUrl);
  const placed = await closedLoop(client, { clients: CLIENTS, orders });
  client.close();
  await untilQueue(system, ({ depth }) => depth >= orders);

  const startedAt = performance.now();
  const [receivedAt] = await Promise.all([
    untilQueue(system, ({ visible }) => visible < orders).then(() => performance.now()),
    system.system.start('order-worker'),
  ]);
  const doneAt = await untilCompleted(
    system,
    placed.map(({ orderId }) => orderId),
  );
  return { drainSeconds: (doneAt - startedAt) / 1_000, drainFromReceiveSeconds: (doneAt - receivedAt) / 1_000 };
}
