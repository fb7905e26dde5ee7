import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { countDeadLetters } from '../../support/outages.js';
import { assertAblated, withChaosSystem } from '../support/chaos-system.js';
import { nothingEndsByItself, timelinesAreOrdered, whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { placeOrders } from '../support/load.js';
import { countIs, type Trial } from '../trial.js';

const HOUR_MS = 3_600_000;
/** Successive offsets of the services' wall clock. */
const OFFSETS_MS = { ci: [HOUR_MS, 0, -HOUR_MS, 0], full: [HOUR_MS, 0, -HOUR_MS, HOUR_MS, -HOUR_MS, 1_000, 0] };
const LASTS_MS = { ci: 3_000, full: 15_000 };
const ORDERS_PER_SECOND = 20;

/** A file with a clock's offset, renamed into place so that no reader sees half a number. */
async function createOffsetFile() {
  const place = await mkdtemp(join(tmpdir(), 'orderflow-clock-'));
  const file = join(place, 'offset-ms');
  return {
    file,
    set: async (offsetMs: number) => {
      await writeFile(`${file}.new`, String(offsetMs));
      await rename(`${file}.new`, file);
    },
    remove: () => rm(place, { recursive: true, force: true }),
  };
}

/** The wall clock of all services jumps forward and back by an hour while orders come in. */
export const clockSteps: Trial = {
  name: 'clock-steps',
  fault: 'the wall clock of all services set forward and back by an hour, under load',
  ablation: { name: 'impatient', breaks: 'I11' },
  run: async ({ seed, size, emulator, ablated, orders, say }) => {
    const offset = await createOffsetFile();
    await offset.set(0);
    const offsets = OFFSETS_MS[size];
    const lastsMs = LASTS_MS[size];
    const count = orders ?? Math.ceil(((offsets.length + 1) * lastsMs * ORDERS_PER_SECOND) / 1_000);
    const chaos = {
      seed,
      emulator,
      workers: 2,
      env: { CLOCK_OFFSET_FILE: offset.file },
      ablation: ablated ? { name: 'impatient', of: 'order-worker' as const } : undefined,
    };
    try {
      return await withChaosSystem(chaos, async (system) => {
        const placing = placeOrders({ baseUrl: await system.apiUrl(), count, ratePerSecond: ORDERS_PER_SECOND });
        for (const offsetMs of offsets) {
          await pause(lastsMs);
          await offset.set(offsetMs);
        }
        const placed = await placing;
        say(`${placed.length} orders placed; waiting for quiet`);
        const evidence = await collectEvidence(system, placed, { withinMs: 30_000 });
        if (ablated) await assertAblated(system, 'impatient', 'order-worker');
        return [
          nothingEndsByItself('I11', system),
          ...timelinesAreOrdered('I11', evidence),
          countIs('I11', 'dead letters', 0, await countDeadLetters(system.operator)),
          ...whatAlwaysHolds('I11', evidence, system),
        ];
      });
    } finally {
      await offset.remove();
    }
  },
};
