import type { OrderRecord } from '@orderflow/domain/orders/order';
import { replay } from '@orderflow/orderctl/dead-letters/replay';
import { eventually } from '@orderflow/testing/eventually';
import { createTerminal } from '../../support/operator.js';
import { assertAblated, withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { endFaults } from '../support/end-faults.js';
import { everyOrderEnds, nothingFromNowhere, nothingIsLeft, outsideAgrees } from '../support/checks.js';
import { collectEvidence, readTable } from '../support/evidence.js';
import { countDeaths, eachWasMet } from '../support/failpoints.js';
import { placeOrders, type Placed } from '../support/load.js';
import { countIs, noneIs, type Check, type Trial, type TrialOptions } from '../trial.js';

/** `fatal`: orders whose every attempt ships and then kills the worker. Every second shipment cannot be cancelled. */
const SIZES = { full: { good: 400, fatal: 24 }, ci: { good: 80, fatal: 4 } } as const;
const WORKERS = 3;
const RATE_PER_SECOND = 8;
const UNDOABLE = 'fatal-1';
const SHIPPED = 'test-ships-at-once';
const MAX_RECEIVES = 3;
const ENV = {
  MAX_RECEIVES: String(MAX_RECEIVES),
  // Low, because a death costs every message in progress a receive.
  WORKER_POLLERS: '1',
  VISIBILITY_TIMEOUT_SECONDS: '4',
  HANDLER_TIMEOUT_MS: '3000',
  RETRY_MAX_SECONDS: '1',
  // Off, because a second message of an order would have separate attempts.
  OUTBOX_DELAY_MS: '600000',
};
const ENDS_WITHIN_MS = { full: 240_000, ci: 90_000 } as const;

const namesIn = ({ timeline }: OrderRecord) => Object.keys(timeline).map((step) => step.replace(/_\d+$/, ''));
const isCancelled = (order: OrderRecord) =>
  order.status === 'FAILED' && order.failure?.cancelled === true && namesIn(order).includes('cancelled');

/** Waits until all of these orders have ended, and returns them. */
async function untilEnded({ operator }: ChaosSystem, placed: readonly Placed[], withinMs: number) {
  const ids = new Set(placed.map(({ orderId }) => orderId));
  const look = async () => {
    const all = await readTable<OrderRecord>(operator, operator.names.ordersTable);
    const mine = all.filter(({ orderId }) => ids.has(orderId));
    return mine.every(({ status }) => status === 'COMPLETED' || status === 'FAILED') ? mine : undefined;
  };
  return eventually(look, 'the end of all orders that kill workers', withinMs);
}

/** An order ends COMPLETED if the warehouse shipped it, else FAILED. */
function checkFatal(system: ChaosSystem, orders: readonly OrderRecord[]): Check[] {
  const of = (product: string) => orders.filter(({ items }) => items[0]?.productId === product);
  const outside = system.warehouse.orders();
  const effectsOf = ({ items }: OrderRecord) => outside.get(items[0]?.productName ?? '')?.effects;
  const attempts = orders.map((order) => namesIn(order).filter((name) => name === 'received').length);
  return [
    noneIs('I2', 'orders that were not fulfilled before they were given up', orders, (o) => effectsOf(o) !== 1),
    noneIs('I2', 'orders given up before all attempts were used', attempts, (count) => count <= MAX_RECEIVES),
    noneIs('I2', 'cancelled orders not FAILED with a confirmed cancel', of(UNDOABLE), (o) => !isCancelled(o)),
    noneIs('I2', 'shipped orders not COMPLETED', of(SHIPPED), ({ status }) => status !== 'COMPLETED'),
    ...outsideAgrees('I2', { orders }, system),
  ];
}

/** Replays the cancelled orders, with new keys and without deaths. */
async function replayCancelled(
  system: ChaosSystem,
  placed: readonly Placed[],
  cancelled: ReadonlySet<string>,
): Promise<Check[]> {
  const { operator } = system;
  const terminal = createTerminal();
  await replay(operator, terminal, { queue: ['orders'], reason: ['RECEIVES_EXHAUSTED'], maxReplays: 1, json: true });
  const seen = await collectEvidence(system, placed);
  const twice = seen.orders.filter(({ orderId, items }) => {
    const { keys } = system.warehouse.orders().get(items[0]?.productName ?? '') ?? { keys: new Set() };
    return cancelled.has(orderId) && keys.size === 2;
  });
  return [
    countIs('I2', 'replayed orders asked for under a second key', cancelled.size, twice.length),
    ...everyOrderEnds('I1', seen),
    ...outsideAgrees('I2', seen, system),
    ...nothingFromNowhere('I3', seen),
    ...nothingIsLeft('I10', seen),
  ];
}

async function run({ seed, emulator, size, ablated, say, orders: wanted }: TrialOptions): Promise<Check[]> {
  const { good, fatal } = { ...SIZES[size], ...(wanted ? { good: wanted } : {}) };
  let armed = true;
  const chaos = {
    ...{ seed, emulator, workers: WORKERS, env: ENV, fulfilmentDelayMs: 10 },
    envOfProcess: () => (armed ? { DIES_AFTER_WORK_ON: [UNDOABLE, SHIPPED].join(',') } : {}) as Record<string, string>,
    ablation: ablated ? ({ name: 'no-cancel', of: 'order-worker' } as const) : undefined,
  };
  return withChaosSystem(chaos, async (system) => {
    system.warehouse.failFirstCancels();
    const every = Math.floor(good / fatal);
    const isFatal = (index: number) => index % every === 0 && index < every * fatal;
    const placed = await placeOrders({
      baseUrl: await system.apiUrl(),
      count: good,
      ratePerSecond: RATE_PER_SECOND,
      productOf: (index) => {
        if (!isFatal(index)) return 'chaos-1';
        return (index / every) % 2 === 0 ? UNDOABLE : SHIPPED;
      },
    });
    const fatalOnes = placed.filter(({ index }) => isFatal(index));
    const ended = await untilEnded(system, fatalOnes, ENDS_WITHIN_MS[size]);
    const deaths = await countDeaths(system);
    const cancels = system.warehouse.failedCancels();
    say(
      `${placed.length} orders placed; ${deaths.get('worker.after-work') ?? 0} deaths; ${cancels.size} cancels failed at first`,
    );
    if (ablated) {
      await assertAblated(system, 'no-cancel', 'order-worker');
      return checkFatal(system, ended);
    }
    await endFaults(system, () => {
      armed = false;
    });
    return [
      eachWasMet('I2', ['worker.after-work'], deaths),
      // On a slow machine, deaths use up the attempts of good orders, too: those are cancelled like the others.
      noneIs('I2', 'orders whose first cancel did not fail', fatalOnes, ({ orderId = '' }) => !cancels.has(orderId)),
      ...checkFatal(system, ended),
      ...(await replayCancelled(system, placed, new Set(ended.filter(isCancelled).map(({ orderId }) => orderId)))),
    ];
  });
}

export const givenUp: Trial = {
  name: 'given-up',
  fault:
    'workers die in every attempt of some orders, fulfilled but not COMPLETED; the warehouse is unavailable when asked to cancel',
  ablation: { name: 'no-cancel', breaks: 'I2' },
  run,
};
