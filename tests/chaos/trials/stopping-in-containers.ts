import { resourceNames } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { connectOperator, queueCounts } from '../../support/operator.js';
import { stopsGracefully, type Cycle } from '../support/cycles.js';
import { dockerProblem } from '../../../tools/local/docker.mjs';
import { everyOrderEnds, nothingFromNowhere } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { placeOrders, type Placed } from '../support/load.js';
import type { Trial } from '../trial.js';

const CYCLES = 5;
const ORDERS_PER_CYCLE = 30;
/** stop_grace_period of compose.yaml: after it, Docker kills the container, which changes the exit code. */
const GRACE_MS = 30_000;

/** The images under Compose: `docker stop` reaches the right process, which drains. */
export const stoppingInContainers: Trial = {
  name: 'stopping-in-containers',
  fault: "docker compose stop of both workers under load, again and again, on the services' images",
  fullOnly: true,
  run: async ({ say }) => {
    const problem = dockerProblem();
    // A full run must not omit this silently.
    if (problem !== undefined) return [{ id: 'I7', must: 'Docker is available', saw: problem, holds: false }];

    // Ports are published on loopback even if this machine is a container.
    process.env.TESTCONTAINERS_HOST_OVERRIDE ??= '127.0.0.1';
    // Imported here because the Docker client loads slowly.
    const { startComposeSystem } = await import('../../support/compose-system.js');
    const system = await startComposeSystem({ FULFILMENT_DELAY_MS: '1000', QUEUE_GRACE_MS: '60000' });
    const operator = await connectOperator(await system.awsEndpoint(), system.stage);
    const { orderQueue, notificationQueue } = resourceNames(system.stage);
    try {
      const placed: Placed[] = [];
      const stops: Cycle[] = [];
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        const baseUrl = await system.apiUrl();
        const load = { baseUrl, count: ORDERS_PER_CYCLE, firstIndex: placed.length, until: 'accepted' } as const;
        placed.push(...(await placeOrders(load)));
        const inFlight = async () => (await queueCounts(operator, orderQueue)).inFlight;
        await eventually(async () => (await inFlight()) > 0, 'work in progress');
        const startedAt = performance.now();
        const codes = await system.stop('order-worker', 'notification-worker');
        const tookMs = performance.now() - startedAt;
        const left = await Promise.all([orderQueue, notificationQueue].map((queue) => queueCounts(operator, queue)));
        const leftInFlight = left.reduce((sum, counts) => sum + counts.inFlight, 0);
        stops.push({ code: Math.max(...codes), tookMs, wasBusy: true, leftInFlight });
        await system.start('order-worker', 'notification-worker');
      }
      say(`${CYCLES} cycles in containers, the longest stop took ${Math.max(...stops.map(({ tookMs }) => tookMs))} ms`);
      const evidence = await collectEvidence({ operator }, placed);
      return [
        ...stopsGracefully('containers', CYCLES, stops, GRACE_MS),
        ...everyOrderEnds('I7', evidence),
        ...nothingFromNowhere('I3', evidence),
      ];
    } finally {
      operator.aws.close();
      await system.dispose();
    }
  },
};
