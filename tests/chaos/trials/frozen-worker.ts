import { setTimeout as pause } from 'node:timers/promises';
import { resourceNames } from '@orderflow/contracts';
import { countDeadLetters } from '../../support/outages.js';
import { waitFor } from '../../support/wait-for.js';
import { withChaosSystem } from '../support/chaos-system.js';
import { collectEvidence, whatAlwaysHolds } from '../support/evidence.js';
import { placeOrders, type Placed } from '../support/load.js';
import { countIs, type Trial } from '../trial.js';

const SIZES = { full: { freezes: 5, orders: 600 }, ci: { freezes: 1, orders: 100 } } as const;
const ORDERS_PER_SECOND = 20;
const TAKEN_WITHIN_MS = 20_000;
const VISIBILITY_SECONDS = 3;
const FROZEN_MS = 1_500 + VISIBILITY_SECONDS * 1_000;

/** Of two workers one stands still, claims in hand, until the other has done its work; then it goes on where it was. */
export const frozenWorker: Trial = {
  name: 'frozen-worker',
  fault: 'SIGSTOP of one of 2 workers for longer than the visibility timeout, then SIGCONT',
  run: async ({ seed, size, orders = SIZES[size].orders, emulator, say }) => {
    const chaos = {
      seed,
      emulator,
      workers: 2,
      fulfilmentDelayMs: 300,
      env: { VISIBILITY_TIMEOUT_SECONDS: String(VISIBILITY_SECONDS), HANDLER_TIMEOUT_MS: '2800' },
    };
    return withChaosSystem(chaos, async (system) => {
      const { orderQueue } = resourceNames(system.stage);
      const redelivered = () => system.network.deliveries().get(orderQueue)?.redelivered ?? 0;
      const [victim] = system.instances('order-worker');
      const { freezes } = SIZES[size];
      const placed: Placed[] = [];
      for (let freeze = 0; freeze < freezes; freeze++) {
        const placing = placeOrders({
          baseUrl: await system.apiUrl(),
          count: Math.ceil(orders / freezes),
          firstIndex: placed.length,
          ratePerSecond: ORDERS_PER_SECOND,
        });
        await waitFor('work in hand', () => Promise.resolve(system.warehouse.inProgress() > 0 || undefined));
        const before = redelivered();
        victim?.signal('SIGSTOP');
        await pause(FROZEN_MS);
        // What it held is the other one's only when that has the time for it.
        const isTaken = () => Promise.resolve(redelivered() > before || undefined);
        await waitFor('messages taken from the frozen worker', isTaken, TAKEN_WITHIN_MS);
        victim?.signal('SIGCONT');
        placed.push(...(await placing));
      }
      say(`${placed.length} orders placed, ${redelivered()} messages delivered again; waiting for quiet`);
      const evidence = await collectEvidence(system, placed, { withinMs: 30_000 });
      return [
        countIs('I9', 'dead letters', 0, await countDeadLetters(system.operator)),
        ...whatAlwaysHolds('I9', evidence, system),
      ];
    });
  },
};
