import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { Failpoint } from '@orderflow/platform/runtime/failpoints';
import { list } from '@orderflow/orderctl/dead-letters/list';
import { eventually } from '@orderflow/testing/eventually';
import type { ServiceProcess } from '../../support/embedded-system.js';
import { createTerminal } from '../../support/operator.js';
import { withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { endFaults } from '../support/end-faults.js';
import {
  everyOrderEnds,
  nothingFromNowhere,
  nothingIsLeft,
  outcomesApplyOnce,
  outsideAgrees,
} from '../support/checks.js';
import { collectEvidence, type Evidence } from '../support/evidence.js';
import { countDeaths, eachWasMet } from '../support/failpoints.js';
import { placeOrders, type Placed } from '../support/load.js';
import { atMost, noneIs, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = { full: { good: 600, failing: 60 }, ci: { good: 60, failing: 8 } } as const;
const WORKERS = 3;
/** The worker that is stopped repeatedly; the others die while dead-lettering. */
const DRAINED = WORKERS;
const RATE_PER_SECOND = 15;
const ENV = {
  VISIBILITY_TIMEOUT_SECONDS: '4',
  HANDLER_TIMEOUT_MS: '3000',
  RETRY_MAX_SECONDS: '1',
  // Longer than a publication on a busy machine: an order that is published twice may have two dead letters.
  OUTBOX_DELAY_MS: '4000',
};
/** Low, so that failing orders are exhausted soon; higher than the deaths and timeouts that a good order meets. */
const MAX_RECEIVES = { full: '12', ci: '5' } as const;
const POINTS: Failpoint[] = ['dead-letter.after-send', 'dead-letter.after-failed', 'worker.during-drain'];
const MET_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 60_000;

/** At reduced size, each of two workers dies once at each point and is then left alone. */
function failpointOf({ replica, life }: ServiceProcess, size: TrialOptions['size']): string | undefined {
  if (replica === DRAINED) return 'worker.during-drain';
  if (size === 'full') return 'dead-letter.after-send=20%,dead-letter.after-failed=20%';
  const turns = ['dead-letter.after-send', 'dead-letter.after-failed'];
  return (replica === 1 ? turns : turns.reverse())[life - 1];
}

/** Stops a worker repeatedly. Between the stops it dies and restarts. @returns a function that ends the loop */
function stopAgainAndAgain(system: ChaosSystem): () => Promise<void> {
  const worker = system.instances('order-worker')[DRAINED - 1];
  let stopped = false;
  async function run(): Promise<void> {
    while (!stopped && worker) {
      // Wait until it is healthy: before that it ignores the signal.
      await worker.start();
      const { length: ends } = worker.ends;
      worker.signal('SIGTERM');
      await eventually(async () => worker.ends.length > ends, 'the death of the worker');
    }
  }
  const done = run();
  done.catch(() => undefined);
  return () => {
    stopped = true;
    return done;
  };
}

/** Each failing order failed once, caused one notification, and is in the dead-letter queue. */
async function checkFailing(system: ChaosSystem, evidence: Evidence, failing: readonly Placed[]): Promise<Check[]> {
  const terminal = createTerminal();
  await list(system.operator, terminal, { queue: ['orders'], json: true });
  type Letter = { code: string; copies: number; event: { orderId?: string } };
  const letters = terminal.documents<Letter>().filter(({ code }) => code === 'RECEIVES_EXHAUSTED');

  const ids = failing.map(({ orderId = '' }) => orderId);
  const orders = new Map(evidence.orders.map((order) => [order.orderId, order]));
  const failedOnce = (order: OrderRecord | undefined) =>
    order?.status === 'FAILED' && order.effects === 1 && order.failure?.code === 'RETRIES_EXHAUSTED';
  const toldOf = (id: string) => evidence.notifications.filter(({ orderId }) => orderId === id).length;
  const messagesOf = (id: string) => letters.filter(({ event }) => event.orderId === id).length;
  const copies = letters.reduce((sum, letter) => sum + letter.copies, 0);
  return [
    noneIs('I1', 'failing orders that did not end FAILED, once', ids, (id) => !failedOnce(orders.get(id))),
    noneIs('I2', 'failing orders without exactly one notification', ids, (id) => toldOf(id) !== 1),
    // Two, if the sweeper republished an order whose message was only late.
    noneIs('I1', 'failing orders without a dead letter', ids, (id) => messagesOf(id) === 0),
    {
      id: 'I1',
      must: 'deaths made further copies of dead letters',
      saw: `${copies} of ${letters.length} messages`,
      holds: copies > letters.length,
    },
  ];
}

async function run({ seed, emulator, size, say, orders: wanted }: TrialOptions): Promise<Check[]> {
  const { good, failing } = { ...SIZES[size], ...(wanted ? { good: wanted } : {}) };
  let armed = true;
  const envOfProcess = (process: ServiceProcess): Record<string, string> => {
    const spec = armed && process.service === 'order-worker' ? failpointOf(process, size) : undefined;
    return spec === undefined ? {} : { FAILPOINTS: spec };
  };
  const env = { ...ENV, MAX_RECEIVES: MAX_RECEIVES[size] };
  const chaos = { seed, emulator, workers: WORKERS, env, envOfProcess, fulfilmentDelayMs: 100 };
  return withChaosSystem(chaos, async (system) => {
    const load = { baseUrl: await system.apiUrl(), ratePerSecond: RATE_PER_SECOND };
    const endStops = stopAgainAndAgain(system);
    const every = Math.floor(good / failing);
    const isFailing = (index: number): boolean => index % every === 0 && index < every * failing;
    const placed = await placeOrders({
      ...load,
      count: good,
      productOf: (index) => (isFailing(index) ? 'test-fails-always' : 'chaos-1'),
    });
    const areMet = async () => {
      const deaths = await countDeaths(system);
      return POINTS.every((name) => deaths.has(name));
    };
    // A check below reports missing deaths.
    await eventually(areMet, 'a death at each point', MET_WITHIN_MS).catch(() => undefined);
    await endStops();
    await endFaults(system, () => {
      armed = false;
    });
    const deaths = await countDeaths(system);
    say(`${placed.length} orders placed, ${[...deaths].map(([name, count]) => `${count} × ${name}`).join(', ')}`);

    const evidence = await collectEvidence(system, placed, { withinMs: ENDS_WITHIN_MS + 10_000 });
    const failed = placed.filter(({ index }) => isFailing(index));
    const failedIds = new Set(failed.map(({ orderId }) => orderId));
    const ofGood: Evidence = {
      ...evidence,
      placed: placed.filter(({ index }) => !isFailing(index)),
      orders: evidence.orders.filter(({ orderId }) => !failedIds.has(orderId)),
    };
    return [
      eachWasMet('I1', POINTS, deaths),
      ...(await checkFailing(system, evidence, failed)),
      ...everyOrderEnds('I1', ofGood),
      atMost('I1', 'quiet after the last fault', ENDS_WITHIN_MS / 1_000, (evidence.quietMs ?? Infinity) / 1_000, ' s'),
      ...outcomesApplyOnce('I2', ofGood, system),
      ...outsideAgrees('I2', evidence, system),
      ...nothingFromNowhere('I3', evidence),
      ...nothingIsLeft('I10', evidence),
    ];
  });
}

export const deaths: Trial = {
  name: 'deaths',
  fault: 'workers die between the steps of dead-lettering and while they drain',
  run,
};
