import { setTimeout as pause } from 'node:timers/promises';
import { resourceNames } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { countDeadLetters } from '../../support/outages.js';
import type { Instance } from '../../support/instance.js';
import { assertAblated, withChaosSystem } from '../support/chaos-system.js';
import { nothingEndsByItself, timelinesAreOrdered, whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { placeOrders, type Placed } from '../support/load.js';
import { countIs, type Trial } from '../trial.js';

const SIZES = {
  full: { freezes: 5, orders: 600, longMs: 90_000 },
  ci: { freezes: 1, orders: 100, longMs: 9_000 },
} as const;
const ORDERS_PER_SECOND = 20;
/** After this many messages, a worker handles several at once. */
const WARMED_UP = 10;
const TAKEN_WITHIN_MS = 20_000;
const MAX_ATTEMPTS = 3;
const VISIBILITY_SECONDS = 3;
const FROZEN_MS = 1_500 + VISIBILITY_SECONDS * 1_000;
/** The watchdog checks every 5 s and needs two checks. */
const TWO_LOOKS_MS = 11_000;
/** Short, so that the long freeze far exceeds all of them. */
const DEADLINES = {
  VISIBILITY_TIMEOUT_SECONDS: String(VISIBILITY_SECONDS),
  HANDLER_TIMEOUT_MS: '2800',
  POLLER_WEDGED_AFTER_MS: '4100',
};

/** Messages that a worker has handled, from its metrics. */
async function handledBy(worker: Instance | undefined): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${worker?.port ?? 0}/metrics`)).text();
  return [...metrics.matchAll(/^messages_total\{.*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/**
 * Freezes one of two workers while it holds claims, until the other has done its work. The last freeze exceeds all
 * deadlines but must not end the process.
 */
export const frozenWorker: Trial = {
  name: 'frozen-worker',
  fault:
    'SIGSTOP of one of 2 workers for longer than the visibility timeout, once for longer than all deadlines, then SIGCONT',
  ablation: { name: 'impatient', breaks: 'I11' },
  run: async ({ seed, size, orders = SIZES[size].orders, emulator, ablated, say }) => {
    const chaos = {
      seed,
      emulator,
      workers: 2,
      fulfilmentDelayMs: 300,
      env: DEADLINES,
      ablation: ablated ? { name: 'impatient', of: 'order-worker' as const } : undefined,
    };
    return withChaosSystem(chaos, async (system) => {
      const { orderQueue } = resourceNames(system.stage);
      const redelivered = () => system.network.deliveries().get(orderQueue)?.redelivered ?? 0;
      const [victim] = system.instances('order-worker');
      const { longMs } = SIZES[size];
      // A process that ended after the first freeze would hold nothing at the next.
      const freezes = ablated ? 0 : SIZES[size].freezes;
      const placed: Placed[] = [];
      /** Whether the frozen worker held messages that the other worker has since received. */
      const freezeFor = async (ms: number): Promise<boolean> => {
        const placing = placeOrders({
          baseUrl: await system.apiUrl(),
          count: Math.ceil(orders / (freezes + 1)),
          firstIndex: placed.length,
          ratePerSecond: ORDERS_PER_SECOND,
        });
        // After the last freeze, the worker pauses and receives one message only.
        const handledBefore = await handledBy(victim);
        await eventually(async () => (await handledBy(victim)) > handledBefore + WARMED_UP, 'work in progress');
        const before = redelivered();
        victim?.signal('SIGSTOP');
        await pause(ms);
        // The other worker receives the held messages only if it has time.
        const isTaken = async () => redelivered() > before;
        const taken = eventually(isTaken, 'messages taken from the frozen worker', TAKEN_WITHIN_MS);
        const wasTaken = await taken.catch(() => false);
        victim?.signal('SIGCONT');
        placed.push(...(await placing));
        return wasTaken;
      };
      for (let freeze = 0; freeze <= freezes; freeze++) {
        let attempts = 0;
        // On a busy machine, the orders may be done before the freeze.
        while (!(await freezeFor(freeze === freezes ? longMs : FROZEN_MS))) {
          if (++attempts === MAX_ATTEMPTS) throw new Error('the frozen worker never held a message');
          say('the frozen worker held nothing; trying again');
        }
      }
      await pause(TWO_LOOKS_MS);
      say(`${placed.length} orders placed, ${redelivered()} messages redelivered; waiting for quiet`);
      const evidence = await collectEvidence(system, placed, { withinMs: 30_000 });
      if (ablated) await assertAblated(system, 'impatient', 'order-worker');
      return [
        nothingEndsByItself('I11', system),
        ...timelinesAreOrdered('I11', evidence),
        countIs('I9', 'dead letters', 0, await countDeadLetters(system.operator)),
        ...whatAlwaysHolds('I9', evidence, system),
      ];
    });
  },
};
