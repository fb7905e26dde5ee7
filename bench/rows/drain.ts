import { setTimeout as sleep } from 'node:timers/promises';
import { countQueue, depthOf } from '@orderflow/platform/aws/queue-counts';
import type { BenchSystem } from '../support/bench-system.js';
import { untilCompleted } from '../support/completion.js';
import { closedLoop, createLoadClient } from '../support/load.js';
import { CLIENTS } from './saturation.js';

const LOOK_EVERY_MS = 20;
const WITHIN_MS = 60_000;

async function untilQueue(system: BenchSystem, is: (counts: { depth: number; visible: number }) => boolean) {
  const deadline = performance.now() + WITHIN_MS;
  while (performance.now() < deadline) {
    const counts = await countQueue(system.sqs, system.orderQueueUrl);
    if (is({ depth: depthOf(counts), visible: counts.visible })) return;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error('void: the orders did not pass through the queue in time');
}

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
