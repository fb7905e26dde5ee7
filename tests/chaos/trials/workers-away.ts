import { resourceNames } from '@orderflow/contracts';
import { assertAblated, withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence, readTable } from '../support/evidence.js';
import { placeOrders } from '../support/load.js';
import { remainingWork } from '../support/quiet.js';
import { untilSwept } from '../support/sweeps.js';
import { atMost, countIs, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = { full: { orders: 300, sweeps: 500 }, ci: { orders: 40, sweeps: 60 } } as const;
const SWEEP_INTERVAL_MS = 100;
/** Time for a sweep on a busy machine. */
const SWEPT_WITHIN_MS = 1_000;
const ENV = {
  OUTBOX_DELAY_MS: '300',
  SWEEP_INTERVAL_MS: String(SWEEP_INTERVAL_MS),
  // Far shorter than the outage, so that the sweeper republishes every order.
  QUEUE_GRACE_MS: '500',
  OUTBOX_MAX_ATTEMPTS: '3',
};
const ABLATION = { name: 'blind-to-backlog', of: 'api-gateway' } as const;

async function failedOrders({ operator }: ChaosSystem): Promise<number> {
  const orders = await readTable<{ status: string }>(operator, operator.names.ordersTable);
  return orders.filter(({ status }) => status === 'FAILED').length;
}

async function run(options: TrialOptions): Promise<Check[]> {
  const { seed, emulator, ablated, size, say, orders = SIZES[size].orders } = options;
  const { sweeps } = SIZES[size];
  const chaos = {
    seed,
    emulator,
    env: ENV,
    // A late answer makes the client repeat the call, and its events arrive twice. That must not count here.
    envOf: { 'api-gateway': { AWS_REQUEST_TIMEOUT_MS: '30000' } },
    ablation: ablated ? ABLATION : undefined,
  };
  return withChaosSystem(chaos, async (system) => {
    await system.stop('order-worker');
    const baseUrl = await system.apiUrl();
    const placed = await placeOrders({ baseUrl, count: orders, until: 'accepted' });
    await untilSwept(system, sweeps, sweeps * SWEPT_WITHIN_MS);
    if (ablated) await assertAblated(system, ABLATION.name, ABLATION.of);
    const failed = await failedOrders(system);
    const { orders: waiting } = (await remainingWork(system.operator)).messages;
    say(`${waiting} messages of ${orders} orders after ${sweeps} sweeps; the workers start`);

    await system.start('order-worker');
    const evidence = await collectEvidence(system, placed, ablated ? { withinMs: 1_000 } : {});
    const { orderQueue } = resourceNames(system.stage);
    const { messages = 0, redelivered = 0 } = system.network.deliveries().get(orderQueue) ?? {};
    return [
      countIs('I9', `orders given up in ${sweeps} sweeps without a worker`, 0, failed),
      atMost('I9', 'messages that waited for each order', 2, waiting / orders),
      atMost('I9', 'messages for each order when all was done', 2, (messages - redelivered) / orders),
      countIs('I9', 'orders COMPLETED', orders, evidence.orders.filter(({ status }) => status === 'COMPLETED').length),
      ...whatAlwaysHolds('I9', evidence, system),
    ];
  });
}

export const workersAway: Trial = {
  name: 'workers-away',
  fault: 'all order workers are stopped for far longer than the sweeper waits',
  ablation: { name: ABLATION.name, breaks: 'I9' },
  run,
};
