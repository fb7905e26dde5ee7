import { everyOrderEnds, itEnds, nothingFromNowhere, outcomesApplyOnce, outsideAgrees } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import type { Evidence } from '../support/evidence.js';
import { assertAblated, withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import type { Instance } from '../../support/instance.js';
import { startKiller } from '../support/killer.js';
import { placeOrders, type Placed } from '../support/load.js';
import { atMost, type Check, type Trial, type TrialOptions } from '../trial.js';

const WORKERS = 4;
const SIZES = { full: { orders: 2_000, kills: 60 }, ci: { orders: 240, kills: 7 } } as const;
const BATCH = 50;
/** Requests per second; low enough to prevent a backlog, from which each death would take a batch. */
const PACE = 25;
const ENV = {
  // On a busy machine, a delay must not cause republications.
  QUEUE_GRACE_MS: '60000',
  // A worker handles at most ten messages at once, and each death costs all of them a receive.
  WORKER_POLLERS: '1',
};
/** An accepted order ends this soon after the last fault. */
const ENDS_WITHIN_S = 60;
/** The notifications' queue may take longer to empty on a slow machine. */
const QUIET_WITHIN_MS = 120_000;

type Storm = {
  options: TrialOptions;
  /** For order-worker, if the trial is ablated. */
  ablation: string;
  killsApi: boolean;
  env?: Record<string, string>;
  /** Further faults during the kills. */
  spoil?: (system: ChaosSystem) => void;
  checks: (system: ChaosSystem, evidence: Evidence, faultsEndedAt: number) => Check[];
};

/** An API killed before it accepts anything can lose nothing, so it lives until it has accepted its share. */
function sparesApi(accepted: () => number, share: number): (victim: Instance) => boolean {
  let atLastKill = 0;
  return ({ service }) => {
    if (service !== 'api-gateway') return false;
    if (accepted() - atLastKill < share) return true;
    atLastKill = accepted();
    return false;
  };
}

/** Places orders while processes are killed one after another. */
async function storm({ options, ablation, killsApi, env = {}, spoil, checks }: Storm): Promise<Check[]> {
  const { seed, emulator, ablated, say } = options;
  const { kills } = SIZES[options.size];
  const orders = options.orders ?? SIZES[options.size].orders;
  const chaos = {
    seed,
    emulator,
    env: { ...ENV, ...env },
    workers: WORKERS,
    ablation: ablated ? ({ name: ablation, of: 'order-worker' } as const) : undefined,
  };
  return withChaosSystem(chaos, async (system) => {
    spoil?.(system);
    const victims = system.instances('order-worker');
    let accepted = 0;
    const killer = startKiller(killsApi ? [...victims, ...system.instances('api-gateway')] : victims, {
      seed,
      kills,
      spares: sparesApi(() => accepted, orders / (kills / 2)),
    });
    const placed: Placed[] = [];
    try {
      // As many requests as possible while the API dies and restarts.
      while (accepted < orders) {
        const batch = await placeOrders({
          baseUrl: await system.apiUrl(),
          firstIndex: placed.length,
          count: Math.min(BATCH, orders - accepted),
          concurrency: BATCH,
          ratePerSecond: PACE,
          onPlaced: ({ outcome }) => {
            if (outcome === 'ok') accepted += 1;
          },
        });
        placed.push(...batch);
      }
      await killer.done;
    } finally {
      killer.stop();
    }
    system.network.heal();
    const faults = [...system.network.applied()].map(([kind, count]) => `${count} × ${kind}`);
    say(`${placed.length} requests, ${[`${await killer.done} kills`, ...faults].join(', ')}; waiting for quiet`);
    // An ablated system shows its defect before all work is done, which may never happen.
    const faultsEndedAt = Date.now();
    const evidence = await collectEvidence(system, placed, { withinMs: ablated ? 15_000 : QUIET_WITHIN_MS });
    if (ablated) await assertAblated(system, ablation, 'order-worker');
    return [
      ...checks(system, evidence, faultsEndedAt),
      ...outsideAgrees('I2', evidence, system),
      ...nothingFromNowhere('I3', evidence),
      ...itEnds('I10', evidence, system),
    ];
  });
}

function endsInTime({ orders }: Evidence, faultsEndedAt: number): Check {
  const lastEnd = Math.max(...orders.map(({ updatedAt }) => Date.parse(updatedAt)));
  return atMost(
    'I1',
    'the last order ended after the last fault',
    ENDS_WITHIN_S,
    Math.max(0, (lastEnd - faultsEndedAt) / 1_000),
    ' s',
  );
}

export const kills: Trial = {
  name: 'kills',
  fault: 'SIGKILL of a random one of 4 workers and of the API, every 250–600 ms',
  run: (options) =>
    storm({
      options,
      ablation: '',
      killsApi: true,
      checks: (_, evidence, faultsEndedAt) => [...everyOrderEnds('I1', evidence), endsInTime(evidence, faultsEndedAt)],
    }),
};

/** The outbox is asleep, so only redelivery recovers the orders of a dead worker. */
export const workerKills: Trial = {
  name: 'worker-kills',
  fault: 'SIGKILL of a random one of 4 workers, every 250–600 ms, without the outbox',
  ablation: { name: 'ack-before-effect', breaks: 'I1' },
  run: (options) =>
    storm({
      options,
      ablation: 'ack-before-effect',
      killsApi: false,
      env: { OUTBOX_DELAY_MS: '600000' },
      checks: (_, evidence) => everyOrderEnds('I1', evidence),
    }),
};

export const duplicates: Trial = {
  name: 'duplicates',
  fault: 'kills as before, with 10 % duplicate deliveries and 10 % lost answers',
  ablation: { name: 'no-condition', breaks: 'I2' },
  run: (options) =>
    storm({
      options,
      ablation: 'no-condition',
      killsApi: true,
      spoil: ({ network }) => {
        network.add({ kind: 'duplicate-delivery', service: 'SQS', operation: 'ReceiveMessage', probability: 0.1 });
        // A PutEvents whose answer is lost is repeated, and the copies have different message ids.
        for (const service of ['DynamoDB', 'EventBridge', 'SQS'] as const) {
          network.add({ kind: 'drop-answer', service, probability: 0.1 });
        }
      },
      checks: (system, evidence) => [...everyOrderEnds('I2', evidence), ...outcomesApplyOnce('I2', evidence, system)],
    }),
};
