import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchSystem } from '../support/bench-system.js';
import { untilCompleted } from '../support/completion.js';
import { closedLoop, createLoadClient, type Placed } from '../support/load.js';
import { cpuMs, emulatorCpuMs, residentMb, watchMemory } from '../support/process-stats.js';

export const CLIENTS = 100;
/** V8 compiles hot code first: CPU time per order falls until about this many orders. */
const WARM_UP_ORDERS = 2_500;
/** Memory settles after a start. */
const REST_MS = 3_000;

const idsOf = (placed: readonly Placed[]): string[] => placed.map(({ orderId }) => orderId);

export async function warmUp(system: BenchSystem, orders = WARM_UP_ORDERS): Promise<void> {
  const client = createLoadClient(system.apiUrl);
  await untilCompleted(system, idsOf(await closedLoop(client, { clients: CLIENTS, orders })));
  client.close();
}

/** Orders per second, from the first POST to the last completion. */
export async function ordersPerSecond(system: BenchSystem, orders: number, beforeLook?: () => void): Promise<number> {
  const client = createLoadClient(system.apiUrl);
  const placed = await closedLoop(client, { clients: CLIENTS, orders });
  client.close();
  const first = placed.reduce((least, { sentAt }) => Math.min(least, sentAt), Infinity);
  return (orders / ((await untilCompleted(system, idsOf(placed), beforeLook)) - first)) * 1_000;
}

/** Throughput, CPU time and memory under full load. */
export async function measureSaturation(system: BenchSystem, orders: number) {
  await sleep(REST_MS);
  const { api, worker } = system.pids();
  const rest = { api: residentMb(api), worker: residentMb(worker) };
  await warmUp(system, Math.min(WARM_UP_ORDERS, orders));

  const now = () => ({
    at: performance.now(),
    api: cpuMs(api),
    worker: cpuMs(worker),
    emulator: emulatorCpuMs(system.emulator),
  });
  const before = now();
  const memory = watchMemory([api, worker]);
  let after = before;
  try {
    const rate = await ordersPerSecond(system, orders, () => {
      after = now();
    });
    const [apiLoadMb = NaN, workerLoadMb = NaN] = memory.peaks();
    return {
      ordersPerSecond: rate,
      apiCpuMs: (after.api - before.api) / orders,
      workerCpuMs: (after.worker - before.worker) / orders,
      emulatorShare: (after.emulator - before.emulator) / (after.at - before.at),
      apiRestMb: rest.api,
      workerRestMb: rest.worker,
      apiLoadMb,
      workerLoadMb,
    };
  } finally {
    memory.stop();
  }
}
