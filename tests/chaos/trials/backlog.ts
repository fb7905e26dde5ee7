import { resourceNames } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { placeOrders } from '../support/load.js';
import { remainingWork } from '../support/quiet.js';
import { untilSwept } from '../support/sweeps.js';
import { atMost, countIs, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = {
  full: { orders: 5_000, sweepIntervalMs: 1_000 },
  ci: { orders: 200, sweepIntervalMs: 500 },
} as const;
/** Longer than a publication takes on a busy machine. */
const OUTBOX_DELAY_MS = 2_000;
/** Sweeps that find all markers due. */
const SWEEPS = 6;
/** Sweep intervals vary by up to a quarter. */
const SHORTEST_PAUSE = 0.75;
/** Share of messages that the outage may add. */
const ADDED = 0.01;
const SWEPT_WITHIN_MS = 60_000;
/** If nothing is delivered for this long, work has stopped. */
const STUCK_AFTER_MS = 30_000;
const ENDS_WITHIN_MS = 1_800_000;
/** A backlog never counts as the reason for a due marker. */
const NO_PATIENCE_MS = '0';

/**
 * Resolves when each order was delivered to both workers, or when deliveries have stopped. The duration depends on the
 * machine.
 */
async function untilDelivered(system: ChaosSystem, orders: number): Promise<void> {
  const { orderQueue, notificationQueue } = resourceNames(system.stage);
  const deliveredIn = (queue: string) => system.network.deliveries().get(queue)?.perOrder.size ?? 0;
  let seen = 0;
  let seenAt = performance.now();
  const isOver = async () => {
    const [inOrders, inNotifications] = [deliveredIn(orderQueue), deliveredIn(notificationQueue)];
    if (inOrders + inNotifications > seen) [seen, seenAt] = [inOrders + inNotifications, performance.now()];
    return (inOrders >= orders && inNotifications >= orders) || performance.now() - seenAt > STUCK_AFTER_MS;
  };
  await eventually(isOver, 'the end of the backlog', ENDS_WITHIN_MS);
}

async function run(options: TrialOptions): Promise<Check[]> {
  const { seed, emulator, ablated, size, say, orders = SIZES[size].orders } = options;
  const { sweepIntervalMs } = SIZES[size];
  const env = {
    OUTBOX_DELAY_MS: String(OUTBOX_DELAY_MS),
    SWEEP_INTERVAL_MS: String(sweepIntervalMs),
    // The production value; an outage is shorter.
    QUEUE_GRACE_MS: ablated ? NO_PATIENCE_MS : '600000',
  };
  // A late answer makes the client repeat the call, and the bus delivers twice. That must not count here.
  const envOf = { 'api-gateway': { AWS_REQUEST_TIMEOUT_MS: '30000' } };
  return withChaosSystem({ seed, emulator, workers: 2, env, envOf }, async (system) => {
    await system.stop('order-worker');
    const placed = await placeOrders({
      baseUrl: await system.apiUrl(),
      count: orders,
      concurrency: 50,
      until: 'accepted',
    });
    // Until the last order's marker is due, plus enough sweeps.
    const sweepsUntilDue = OUTBOX_DELAY_MS / (SHORTEST_PAUSE * sweepIntervalMs);
    await untilSwept(system, sweepsUntilDue + SWEEPS, SWEPT_WITHIN_MS);
    const { messages, markers } = await remainingWork(system.operator);
    const [waiting, unfinished] = [messages.orders, markers.orders];
    say(`${waiting} messages of ${unfinished} waiting orders; the workers start`);

    await system.start('order-worker');
    if (!ablated) await untilDelivered(system, orders);
    const evidence = await collectEvidence(system, placed, ablated ? { withinMs: 1_000 } : {});
    const { messages: delivered = 0, redelivered = 0 } =
      system.network.deliveries().get(resourceNames(system.stage).orderQueue) ?? {};
    const added = (count: number): number => (100 * (count - orders)) / orders;
    const seen: Check[] = [
      countIs('I4', 'orders that waited', orders, unfinished),
      atMost('I4', 'messages that the outage has added', 100 * ADDED, added(waiting), ' %'),
      atMost('I4', 'messages added by the end', 100 * ADDED, added(delivered - redelivered), ' %'),
    ];
    return [...seen, ...whatAlwaysHolds('I4', evidence, system)];
  });
}

export const backlog: Trial = {
  name: 'backlog',
  fault: `all order workers are stopped for ${SWEEPS} sweeps while orders are placed`,
  ablation: { name: 'no-patience', breaks: 'I4' },
  run,
};
