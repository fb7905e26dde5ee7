import { resourceNames } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { queueCounts } from '../../support/operator.js';
import { assertAblated, withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { stopsGracefully, type Cycle } from '../support/cycles.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence, type Evidence } from '../support/evidence.js';
import { placeOrders, type Placed } from '../support/load.js';
import { placePatiently } from '../support/patient-customers.js';
import { countIs, type Check, type Trial } from '../trial.js';

const SIZES = {
  full: { orderWorker: 40, notificationWorker: 10, api: 10 },
  ci: { orderWorker: 4, notificationWorker: 2, api: 2 },
} as const;
const ABLATED_SIZE = { orderWorker: 2, notificationWorker: 0, api: 0 };
/** The default of SHUTDOWN_TIMEOUT_MS, less than a container's stop_grace_period. */
const GRACE_MS = 28_000;
/** Long enough for the signal to arrive during a fulfilment. */
const FULFILMENT_MS = 300;
/** Keeps work in progress most of the time, without a backlog while no worker runs. */
const CUSTOMERS = 10;
const BURST = 30;
/** A shorter life would keep the batches small, and a backlog would grow. */
const SERVED_IN_A_LIFE = 15;

/** Repeatedly stops order-worker during fulfilments. */
async function cycleOrderWorker(system: ChaosSystem, count: number): Promise<Cycle[]> {
  const { orderQueue } = resourceNames(system.stage);
  const [worker] = system.instances('order-worker');
  const cycles: Cycle[] = [];
  for (let cycle = 0; cycle < count && worker; cycle++) {
    const before = system.warehouse.orders().size;
    const hasWorked = () => system.warehouse.orders().size >= before + SERVED_IN_A_LIFE;
    const isBusy = () => hasWorked() && system.warehouse.inProgress() > 0;
    await eventually(async () => isBusy(), 'work in progress', 30_000);
    const wasBusy = system.warehouse.inProgress() > 0;
    const end = await worker.stop();
    cycles.push({ ...end, wasBusy, leftInFlight: (await queueCounts(system.operator, orderQueue)).inFlight });
    await worker.start();
  }
  return cycles;
}

/** Its work takes milliseconds, so a message received since its start must suffice. */
async function cycleNotificationWorker(system: ChaosSystem, count: number): Promise<Cycle[]> {
  const { notificationQueue } = resourceNames(system.stage);
  const [worker] = system.instances('notification-worker');
  const received = () => system.network.deliveries().get(notificationQueue)?.messages ?? 0;
  const cycles: Cycle[] = [];
  for (let cycle = 0; cycle < count && worker; cycle++) {
    const before = received();
    await eventually(async () => received() > before, 'a notification', 30_000);
    const end = await worker.stop();
    cycles.push({
      ...end,
      wasBusy: true,
      leftInFlight: (await queueCounts(system.operator, notificationQueue)).inFlight,
    });
    await worker.start();
  }
  return cycles;
}

/** Stops the API once it has answered the first of many concurrent requests. */
async function cycleApi(system: ChaosSystem, count: number): Promise<{ cycles: Cycle[]; placed: Placed[] }> {
  const [api] = system.instances('api-gateway');
  const cycles: Cycle[] = [];
  const all: Placed[] = [];
  for (let cycle = 0; cycle < count && api; cycle++) {
    let stopping: ReturnType<typeof api.stop> | undefined;
    let answeredLater = 0;
    const placed = await placeOrders({
      baseUrl: await system.apiUrl(),
      firstIndex: 1_000_000 + cycle * BURST,
      count: BURST,
      concurrency: BURST,
      onPlaced: ({ outcome }) => {
        if (stopping && outcome === 'ok') answeredLater++;
        stopping ??= api.stop();
      },
    });
    const end = await (stopping ?? api.stop());
    cycles.push({ ...end, wasBusy: answeredLater > 0, leftInFlight: 0 });
    all.push(...placed);
    await api.start();
  }
  return { cycles, placed: all };
}

/** Places orders until stopped, and retries each until accepted. */
function startLoad(system: ChaosSystem): { stop: () => Promise<Placed[]> } {
  const stopping = new AbortController();
  const options = { customers: CUSTOMERS, firstIndex: 0, until: 'accepted', signal: stopping.signal } as const;
  const running = placePatiently(system, options);
  running.catch(() => undefined);
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** A request whose connection broke although its order was stored. */
function brokenAfterAcceptance({ orders }: Evidence, burst: readonly Placed[]): number {
  const stored = new Set(orders.map(({ correlationId }) => correlationId));
  return burst.filter(({ outcome, correlationId }) => outcome !== 'ok' && stored.has(correlationId)).length;
}

export const stopping: Trial = {
  name: 'stopping',
  fault: 'SIGTERM of workers and API under load, again and again',
  ablation: { name: 'stop-without-waiting', breaks: 'I7' },
  run: async ({ seed, size, emulator, ablated, say }) => {
    const counts = ablated ? ABLATED_SIZE : SIZES[size];
    const chaos = {
      seed,
      emulator,
      fulfilmentDelayMs: FULFILMENT_MS,
      // Messages that wait for a worker must not be republished.
      env: { QUEUE_GRACE_MS: '60000' },
      ablation: ablated ? ({ name: 'stop-without-waiting', of: 'order-worker' } as const) : undefined,
    };
    return withChaosSystem(chaos, async (system): Promise<Check[]> => {
      const load = startLoad(system);
      try {
        const [orderWorker, notificationWorker, api] = await Promise.all([
          cycleOrderWorker(system, counts.orderWorker),
          cycleNotificationWorker(system, counts.notificationWorker),
          cycleApi(system, counts.api),
        ]);
        const steady = await load.stop();
        const longest = Math.max(...[...orderWorker, ...notificationWorker, ...api.cycles].map(({ tookMs }) => tookMs));
        say(
          `${steady.length + api.placed.length} orders placed; the longest stop took ${longest} ms; waiting for quiet`,
        );
        const seen = await collectEvidence(system, [...steady, ...api.placed], { withinMs: ablated ? 10_000 : 60_000 });
        if (ablated) await assertAblated(system, 'stop-without-waiting', 'order-worker');
        const redelivered = [...system.network.deliveries().values()].reduce(
          (sum, queue) => sum + queue.redelivered,
          0,
        );
        return [
          ...stopsGracefully('order-worker', counts.orderWorker, orderWorker, GRACE_MS),
          ...stopsGracefully('notification-worker', counts.notificationWorker, notificationWorker, GRACE_MS),
          ...stopsGracefully('api-gateway', counts.api, api.cycles, GRACE_MS),
          countIs('I7', 'messages redelivered', 0, redelivered),
          countIs('I7', 'requests accepted but not answered', 0, brokenAfterAcceptance(seen, api.placed)),
          ...whatAlwaysHolds('I7', seen, system),
        ];
      } finally {
        await load.stop();
      }
    });
  },
};
