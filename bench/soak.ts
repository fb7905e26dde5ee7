/**
 * `npm run bench -- --soak` runs the system at half its saturation. It fails if memory or handles grow, or if the audit finds
 * a problem afterwards.
 */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { openPlaces, withSubject, type BenchSystem } from './support/bench-system.js';
import { untilCompleted } from './support/completion.js';
import { leaveNothingBehind } from './support/leave-nothing.js';
import { createLoadClient, openLoop } from './support/load.js';
import { commandLine, wholeNumber } from './support/options.js';
import { openDescriptors, residentMb } from './support/process-stats.js';
import { readRuntimeMetrics } from './support/runtime-metrics.js';
import { judgeSoak, type SoakSample, type SoakVerdict } from './support/soak-verdict.js';
import { ordersPerSecond, warmUp } from './rows/saturation.js';

const SATURATING_ORDERS = 1_000;
const SHARE_OF_SATURATION = 0.5;
const SAMPLE_EVERY_MS = 5_000;
/** Not for each sample: a garbage collection takes tens of milliseconds. */
const COLLECT_EVERY = 6;
/** Caches and heaps fill first. A short run uses its first third. */
const WARM_AFTER_MS = 180_000;
const SOAKED = ['api-gateway', 'order-worker'] as const;
type SoakedService = (typeof SOAKED)[number];
const root = fileURLToPath(new URL('..', import.meta.url));

const USAGE = 'npm run bench -- --soak [--minutes 10]';

/** @param collect whether to collect garbage first, so that only live memory is counted */
async function takeSample(
  { system }: BenchSystem,
  service: SoakedService,
  { startedAt, collect }: { startedAt: number; collect: boolean },
): Promise<SoakSample> {
  const [instance] = system.instances(service);
  const pid = instance?.pid();
  if (!instance || pid === undefined) throw new Error(`${service} has ended`);
  // The process handles the signal before the request.
  if (collect) process.kill(pid, 'SIGWINCH');
  const { heapMb, ...runtime } = await readRuntimeMetrics(instance.port);
  return {
    atMs: performance.now() - startedAt,
    residentMb: residentMb(pid),
    aliveMb: collect ? heapMb : undefined,
    descriptors: openDescriptors(pid),
    ...runtime,
  };
}

type Soaked = { samples: Record<SoakedService, SoakSample[]>; orderIds: string[] };

async function soak(system: BenchSystem, rate: number, minutes: number): Promise<Soaked> {
  const samples: Soaked['samples'] = { 'api-gateway': [], 'order-worker': [] };
  const startedAt = performance.now();
  const client = createLoadClient(system.apiUrl);
  const ended = new AbortController();
  const sampling = (async () => {
    for (let count = 1; !ended.signal.aborted; count++) {
      await sleep(SAMPLE_EVERY_MS);
      const collect = count % COLLECT_EVERY === 0;
      const memory: string[] = [];
      for (const service of SOAKED) {
        const sample = await takeSample(system, service, { startedAt, collect });
        samples[service].push(sample);
        const alive = sample.aliveMb === undefined ? '' : `, ${sample.aliveMb.toFixed(1)} MB of it live`;
        memory.push(`${service} ${sample.residentMb.toFixed(0)} MB${alive}`);
      }
      console.log(`after ${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s: ${memory.join('; ')}`);
    }
  })();
  const load = openLoop(client, { rate, seconds: minutes * 60, signal: ended.signal });
  // If sampling fails, the load ends. The first error is reported.
  const placed = await Promise.race([load, sampling.then(() => load)]).finally(() => {
    ended.abort();
  });
  await sampling;
  client.close();
  return { samples, orderIds: placed.map(({ orderId }) => orderId) };
}

/** Runs `npm run audit` and prints its output. @returns whether it found no problem */
async function audit({ emulator, system }: BenchSystem): Promise<boolean> {
  const command = ['--no-warnings', 'tools/orderctl/dist/main.js', 'audit', '--endpoint', emulator.url];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...command, '--stage', system.stage], {
      cwd: root,
    });
    console.log(stdout.trimEnd());
    return true;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    console.log(`${stdout}${stderr}`.trimEnd());
    return false;
  }
}

function describe(service: string, verdict: SoakVerdict): string {
  const { mbPerMinute, percentPerMinute, eventLoopP99Ms: delay, descriptors, activeHandles } = verdict;
  const resident = verdict.residentMb.map((mb) => mb.toFixed(0)).join(' to ');
  return [
    `${service}: live memory grows by ${mbPerMinute.toFixed(2)} MB a minute (${percentPerMinute.toFixed(2)} %); resident ${resident} MB`,
    `  event loop delay, p99 of each ${SAMPLE_EVERY_MS / 1_000} s: median ${delay.median.toFixed(1)} ms, largest ${delay.max.toFixed(1)} ms`,
    `  open descriptors ${descriptors.join(' to ')}, active handles ${activeHandles.join(' to ')}`,
    ...verdict.complaints.map((complaint) => `  ${complaint}`),
  ].join('\n');
}

const minutes = commandLine(USAGE, () => {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
  return wholeNumber('minutes', values.minutes, 1_440);
});
leaveNothingBehind();
const places = await openPlaces('ministack');
const preload = new URL('support/tell-heap.mjs', import.meta.url).href;
const soakOurs = async (system: BenchSystem): Promise<boolean> => {
  await warmUp(system);
  const saturation = await ordersPerSecond(system, SATURATING_ORDERS);
  const rate = saturation * SHARE_OF_SATURATION;
  console.log(`${saturation.toFixed(0)} orders/s at most; ${rate.toFixed(0)} a second for ${minutes} min`);
  const { samples, orderIds } = await soak(system, rate, minutes);
  await untilCompleted(system, orderIds);
  const warmAfterMs = Math.min(WARM_AFTER_MS, (minutes * 60_000) / 3);
  const verdicts = SOAKED.map((service) => {
    const verdict = judgeSoak(samples[service].filter(({ atMs }) => atMs >= warmAfterMs));
    console.log(describe(service, verdict));
    return verdict;
  });
  const isClean = await audit(system);
  return isClean && verdicts.every(({ complaints }) => complaints.length === 0);
};
const env = { NODE_OPTIONS: `--import=${preload}` };
const isGood = await withSubject(places, 'ours', soakOurs, { env });
process.exitCode = isGood ? 0 : 1;
