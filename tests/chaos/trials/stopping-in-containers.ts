import { resourceNames } from '@orderflow/contracts';
import { createQueueLook } from '../../support/queue-look.js';
import { waitFor } from '../../support/wait-for.js';
import { stopsGracefully, type Cycle } from '../support/cycles.js';
import { dockerProblem } from '../support/docker.js';
import { collectEvidence, everyOrderEnds, nothingFromNowhere } from '../support/evidence.js';
import { placeOrders, type Placed } from '../support/load.js';
import type { Check, Trial } from '../trial.js';

const CYCLES = { full: 5, ci: 1 } as const;
const ORDERS_PER_CYCLE = 30;
/** stop_grace_period of compose.yaml: what takes longer Docker kills, with another exit code. */
const GRACE_MS = 30_000;

/** Without Docker the full run has not shown what it is there to show; a small one may do without. */
function leftOut(reason: string, cycles: number, isFull: boolean): Check[] {
  const must = `SIGTERM cycles of containers, at work: ${cycles}`;
  return [{ id: 'I7', must, saw: `left out: ${reason}`, holds: !isFull }];
}

/** The images under Compose: Docker's own stop reaches the right process, and that drains. */
export const stoppingInContainers: Trial = {
  name: 'stopping-in-containers',
  fault: "docker compose stop of both workers under load, again and again, on the services' images",
  run: async ({ size, say }) => {
    const cycles = CYCLES[size];
    const problem = await dockerProblem();
    if (problem !== undefined) return leftOut(problem, cycles, size === 'full');

    // Published ports are on the loopback address, also where this machine is itself a container.
    process.env.TESTCONTAINERS_HOST_OVERRIDE ??= '127.0.0.1';
    // Only here: to load the Docker client takes long.
    const { startComposeSystem } = await import('../../support/compose-system.js');
    const system = await startComposeSystem({ FULFILMENT_DELAY_MS: '1000', QUEUE_GRACE_MS: '60000' });
    const look = createQueueLook(await system.awsEndpoint());
    const { orderQueue, notificationQueue } = resourceNames(system.stage);
    try {
      const placed: Placed[] = [];
      const stops: Cycle[] = [];
      for (let cycle = 0; cycle < cycles; cycle++) {
        const baseUrl = await system.apiUrl();
        const load = { baseUrl, count: ORDERS_PER_CYCLE, firstIndex: placed.length, until: 'accepted' } as const;
        placed.push(...(await placeOrders(load)));
        const inFlight = async () => (await look.counts(orderQueue)).inFlight;
        await waitFor('work in hand', async () => ((await inFlight()) > 0 ? true : undefined));
        const startedAt = Date.now();
        const codes = await system.stop('order-worker', 'notification-worker');
        const tookMs = Date.now() - startedAt;
        const left = await Promise.all([orderQueue, notificationQueue].map(look.counts));
        const leftInFlight = left.reduce((sum, counts) => sum + counts.inFlight, 0);
        stops.push({ code: Math.max(...codes), tookMs, wasBusy: true, leftInFlight });
        await system.start('order-worker', 'notification-worker');
      }
      say(`${cycles} cycles in containers, the longest stop took ${Math.max(...stops.map(({ tookMs }) => tookMs))} ms`);
      const evidence = await collectEvidence(system, placed);
      return [
        ...stopsGracefully('containers', cycles, stops, GRACE_MS),
        ...everyOrderEnds('I7', evidence),
        ...nothingFromNowhere('I3', evidence),
      ];
    } finally {
      look.dispose();
      await system.dispose();
    }
  },
};
