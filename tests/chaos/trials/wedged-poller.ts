import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertAblated, withChaosSystem } from '../support/chaos-system.js';
import { everyOrderEnds, itEnds, nothingFromNowhere, outsideAgrees } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { placeOrders } from '../support/load.js';
import { atMost, countIs, type Trial } from '../trial.js';

const WEDGED_AFTER_MS = { full: 60_000, ci: 5_000 } as const;
/** The watchdog needs two checks, 5 s apart, and another process must start. */
const REPLACED_WITHIN_MS = 20_000;
const ORDERS = 60;

/** An order-worker's only poller has a poll that never returns. Nothing moves until the process is replaced. */
export const wedgedPoller: Trial = {
  name: 'wedged-poller',
  fault: "a receive call of the only worker's only poller that never returns",
  run: async ({ seed, size, emulator, orders = ORDERS, say }) => {
    const place = await mkdtemp(join(tmpdir(), 'orderflow-wedge-'));
    const file = join(place, 'wedged');
    const wedgedAfterMs = WEDGED_AFTER_MS[size];
    const limitMs = wedgedAfterMs + REPLACED_WITHIN_MS;
    const chaos = {
      seed,
      emulator,
      env: {
        WORKER_POLLERS: '1',
        POLLER_WEDGED_AFTER_MS: String(wedgedAfterMs),
        // Longer than the wedge, as in production.
        QUEUE_GRACE_MS: '600000',
      },
      envOf: { 'order-worker': { ABLATION: 'wedged-poller', WEDGE_ONCE_FILE: file } },
    };
    try {
      return await withChaosSystem(chaos, async (system) => {
        const placed = await placeOrders({ baseUrl: await system.apiUrl(), count: orders, ratePerSecond: 30 });
        say(`${orders} orders placed; waiting for the worker to be replaced`);
        const evidence = await collectEvidence(system, placed, { withinMs: limitMs + 15_000 });
        await assertAblated(system, 'wedged-poller', 'order-worker');
        const { mtimeMs: wedgedAt } = await stat(file);
        const [worker] = system.instances('order-worker');
        const ends = worker?.ends ?? [];
        const endedAfter = evidence.orders
          .filter(({ status }) => status === 'COMPLETED')
          .map(({ updatedAt }) => Date.parse(updatedAt))
          .filter((at) => at > (ends[0]?.at ?? Infinity));
        return [
          countIs('I10', 'exit code of the wedged process', 1, ends[0]?.code ?? 0),
          countIs('I10', 'processes that ended', 1, ends.length),
          {
            id: 'I10',
            must: 'orders had to wait for the replacement',
            saw: `${endedAfter.length} of ${orders}`,
            holds: endedAfter.length > 0,
          },
          atMost(
            'I10',
            'from the wedge until orders go on',
            limitMs / 1_000,
            (Math.min(...endedAfter) - wedgedAt) / 1_000,
            ' s',
          ),
          ...everyOrderEnds('I10', evidence),
          ...outsideAgrees('I2', evidence, system),
          ...nothingFromNowhere('I3', evidence),
          ...itEnds('I10', evidence, system),
        ];
      });
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  },
};
