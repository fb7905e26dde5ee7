import type { Failpoint } from '@orderflow/platform/runtime/failpoints';
import type { FaultRule } from '../../support/faulty-network/faults.js';
import type { ServiceProcess } from '../../support/embedded-system.js';
import { endFaults, endsInTime } from '../support/end-faults.js';
import {
  everyOrderEnds,
  nothingFromNowhere,
  nothingIsLeft,
  outcomesApplyOnce,
  outsideAgrees,
} from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { countDeaths, eachWasMet } from '../support/failpoints.js';
import { withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { placeOrders, type Placed } from '../support/load.js';
import { noneIs, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = {
  full: { orders: 150, workers: 4, ratePerSecond: 5 },
  ci: { orders: 50, workers: 2, ratePerSecond: 15 },
} as const;
const LEASE_SECONDS = 4;
const ENV = {
  VISIBILITY_TIMEOUT_SECONDS: String(LEASE_SECONDS),
  HANDLER_TIMEOUT_MS: '3000',
  OUTBOX_DELAY_MS: '1000',
  // A backlog may delay the sweeper this long. The bound allows no more; the trial `lost-in-backlog` covers longer
  // delays.
  QUEUE_GRACE_MS: '1000',
  // Each death costs all messages of the process a receive.
  MAX_RECEIVES: '19',
};
/** Longer than SQS takes to redeliver a dead worker's messages. */
const ABLATED_WITHIN_MS = LEASE_SECONDS * 1_000 + 2_000;
/** The sweeper never runs. */
const NO_SWEEPER = { SWEEP_INTERVAL_MS: '3600000' };

const API_POINTS = ['api.after-insert', 'api.after-publish', 'sweeper.after-take'] as const;
const WORKER_POINTS = ['worker.after-claim', 'worker.after-finish', 'worker.after-publish'] as const;

/**
 * At full size, the API may die at each of its points and three workers at one point each. The fourth worker survives:
 * otherwise orders would pile up and the result would depend on the machine's speed.
 */
function atRandom({ service, replica }: ServiceProcess): string | undefined {
  if (service === 'api-gateway') return API_POINTS.map((name) => `${name}=10%`).join(',');
  const point = WORKER_POINTS[replica - 1];
  return point && `${point}=10%`;
}

/** At reduced size, each process except the last ones dies at a different point, so that few orders meet all points. */
function inTurn({ service, life }: ServiceProcess): string | undefined {
  if (service === 'api-gateway') return ['api.after-insert=5', 'api.after-publish=5', 'sweeper.after-take=1'][life - 1];
  const point = WORKER_POINTS[life - 1];
  return point && `${point}=4`;
}

const PROBABILITY = 0.1;
const FAULTS: FaultRule[] = [
  // The client makes two attempts, so this is how often publishing throws.
  { kind: 'error-500', service: 'EventBridge', operation: 'PutEvents', probability: Math.sqrt(PROBABILITY) },
  { kind: 'reject-entry', service: 'EventBridge', probability: PROBABILITY },
  { kind: 'swallow', service: 'EventBridge', probability: PROBABILITY },
  { kind: 'lose-message', service: 'SQS', probability: PROBABILITY },
];

/** Republications by the sweeper. */
async function republished(system: ChaosSystem): Promise<number> {
  const swept = (await system.logs('api-gateway')).matchAll(/"message":"outbox swept".*?"republished":(\d+)/g);
  return [...swept].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Places orders until there are enough and every fault has occurred, or until there are far too many. */
async function placeUntilAllIsMet(
  system: ChaosSystem,
  { orders, ratePerSecond }: { orders: number; ratePerSecond: number },
  points: readonly Failpoint[],
): Promise<Placed[]> {
  const placed: Placed[] = [];
  for (let count: number = orders; placed.length < 3 * orders; count = 10) {
    const options = { baseUrl: await system.apiUrl(), firstIndex: placed.length, count, ratePerSecond };
    placed.push(...(await placeOrders({ ...options, until: 'accepted', timeoutMs: 3_000 })));
    const deaths = await countDeaths(system);
    const applied = system.network.applied();
    if (points.every((name) => deaths.has(name)) && FAULTS.every(({ kind }) => applied.has(kind))) break;
  }
  return placed;
}

async function run(options: TrialOptions): Promise<Check[]> {
  const { seed, emulator, ablated, size, say, orders = SIZES[size].orders } = options;
  const { workers, ratePerSecond } = SIZES[size];
  const failpointsOf = size === 'ci' ? inTurn : atRandom;
  let armed = true;
  const envOfProcess = (process: ServiceProcess): Record<string, string> => {
    const spec = armed ? failpointsOf(process) : undefined;
    const sweeping = ablated && process.service === 'api-gateway' ? NO_SWEEPER : {};
    return { ...sweeping, ...(spec === undefined ? {} : { FAILPOINTS: spec }) };
  };

  return withChaosSystem({ seed, emulator, workers, env: ENV, envOfProcess }, async (system) => {
    for (const fault of FAULTS) system.network.add(fault);
    // Without the sweeper, its failpoint cannot be reached.
    const points = [...API_POINTS, ...WORKER_POINTS].filter((name) => !ablated || !name.startsWith('sweeper'));
    const placed = await placeUntilAllIsMet(system, { orders, ratePerSecond }, points);
    const aftermath = await endFaults(system, () => {
      armed = false;
    });
    const applied = system.network.applied();
    const faults = [...applied].map(([kind, count]) => `${count} × ${kind}`);
    say(`${[`${placed.length} orders placed`, ...faults].join(', ')}; ${aftermath.dueAt.size} unfinished`);

    // Each loss moves the marker further away. After it is due, an order and its outcome need some time.
    const withinMs = ablated ? ABLATED_WITHIN_MS : Math.max(0, aftermath.lastDueAt - aftermath.at) + 60_000;
    const evidence = await collectEvidence(system, placed, { withinMs });
    const again = await republished(system);
    const met: Check[] = [
      noneIs('I4', 'kinds of faults that never occurred', FAULTS, ({ kind }) => !applied.has(kind)),
      eachWasMet('I4', points, await countDeaths(system)),
      { id: 'I4', must: 'the sweeper republished events', saw: `${again} times`, holds: again > 0 },
    ];
    if (ablated && again > 0) throw new Error('the sweeper ran, so the run proves nothing');
    return [
      ...everyOrderEnds('I4', evidence),
      endsInTime('I4', evidence, aftermath, LEASE_SECONDS * 1_000),
      // An ablated run must fail because of lost orders only.
      ...(ablated ? [] : met),
      ...outcomesApplyOnce('I2', evidence, system),
      ...outsideAgrees('I2', evidence, system),
      ...nothingFromNowhere('I3', evidence),
      // Three of ten deliveries kill the process and all its other work, so the number of deliveries is high.
      ...nothingIsLeft('I10', evidence),
    ];
  });
}

export const dualWrites: Trial = {
  name: 'dual-writes',
  fault:
    'the API dies between insert and publish, publish throws, entry fails, delivery swallowed, message deleted after the claim, workers and sweeper die (10 % each)',
  ablation: { name: 'no-sweeper', breaks: 'I4' },
  run,
};
