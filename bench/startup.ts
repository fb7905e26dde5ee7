/**
 * Measures startup: `npm run bench -- --startup [rounds]`.
 *   compose  how much longer the whole system takes to become healthy than LocalStack alone, with images built. The two
 *            alternate, because a machine's speed drifts; the result is the difference of the medians
 *   images   megabytes that our images add to their base image
 *   worker   from the start of an order worker's process to its first receive call, without Docker
 * `--only compose,images,worker` selects.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { helpIfAsked, misused } from '../tools/usage.mjs';
import { openPlaces, withSubject, type BenchSystem } from './support/bench-system.js';
import { startCountingProxy, type CountingProxy } from './support/counting-proxy.js';
import { docker, megabytesOver } from './support/docker.js';
import { listOf, wholeNumber } from './support/options.js';
import { median } from './support/stats.js';

const PARTS = ['compose', 'images', 'worker'] as const;
const GOAL_SECONDS = 3;
/** As in the Dockerfiles. */
const BASE_IMAGE = 'node:24-bookworm-slim';
const IMAGE_GOALS = { 'order-worker': 20, 'api-gateway': 40 } as const;

const interrupted = new AbortController();
const project = `orderflow-bench-startup-${process.pid}`;
// Overrides .env. 0 is any free port.
const settings = {
  STAGE: 'bench',
  API_PORT: '0',
  LOCALSTACK_PORT: '0',
  ORDER_WORKER_PORT: '0',
  NOTIFICATION_WORKER_PORT: '0',
};

const USAGE = `npm run bench -- --startup [ROUNDS, 5] [--only ${PARTS.join(',')}]`;

function options() {
  helpIfAsked(USAGE);
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { only: { type: 'string', default: PARTS.join(',') } },
    });
    const [rounds = '5'] = positionals;
    return { rounds: wholeNumber('rounds', rounds, 100), parts: listOf('only', values.only, PARTS) };
  } catch (error) {
    return misused(USAGE, (error as Error).message);
  }
}

const compose = (...args: string[]) => docker(['compose', '--project-name', project, ...args], settings);

/** Seconds until the named services are healthy, from a clean start. */
async function secondsToHealthy(...services: string[]): Promise<number> {
  const start = performance.now();
  // Without `topology`, LocalStack's hook would wait for its settings.
  if (services.length > 0) await compose('up', '--detach', 'topology');
  await compose('up', '--wait', ...services);
  const seconds = (performance.now() - start) / 1000;
  await compose('down', '--volumes');
  return seconds;
}

const format = (value: number, unit = 's'): string => `${value.toFixed(1).padStart(5)} ${unit}`;
const verdict = (seen: number, goal: number): string =>
  `the goal (${goal} at most) is ${seen <= goal ? 'met' : 'missed'}`;

async function measureCompose(rounds: number): Promise<void> {
  const alone: number[] = [];
  const whole: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const seconds = { alone: await secondsToHealthy('localstack'), whole: await secondsToHealthy() };
    console.log(`round ${round}:  LocalStack alone ${format(seconds.alone)}   whole system ${format(seconds.whole)}`);
    alone.push(seconds.alone);
    whole.push(seconds.whole);
  }
  const added = median(whole) - median(alone);
  console.log(`median:   LocalStack alone ${format(median(alone))}   whole system ${format(median(whole))}`);
  console.log(`the services add ${format(added)}: ${verdict(added, GOAL_SECONDS)}`);
}

async function measureImages(): Promise<void> {
  for (const [service, goal] of Object.entries(IMAGE_GOALS)) {
    const megabytes = await megabytesOver(BASE_IMAGE, `${project}-${service}`);
    console.log(`${service}: ${format(megabytes, 'MB')} over ${BASE_IMAGE}: ${verdict(megabytes, goal)}`);
  }
}

async function measureWorker(rounds: number): Promise<void> {
  const proxies: CountingProxy[] = [];
  const endpointFor = async (emulatorUrl: string): Promise<string> => {
    const proxy = await startCountingProxy(emulatorUrl);
    proxies.push(proxy);
    return proxy.url;
  };
  const places = await openPlaces('ministack');
  const measure = async ({ system }: BenchSystem): Promise<number[]> => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      interrupted.signal.throwIfAborted();
      await system.stop('order-worker');
      const received = proxies[0]?.next('SQS ReceiveMessage');
      const startedAt = performance.now();
      await system.start('order-worker');
      times.push(((await received) ?? NaN) - startedAt);
    }
    return times;
  };
  const times = await withSubject(places, 'ours', measure, { endpointFor });
  await Promise.all(proxies.map((proxy) => proxy.dispose()));
  console.log(`order-worker: ${format(median(times), 'ms')} from the start of its process to its first receive`);
}

const { rounds, parts } = options();
// The terminal sends Ctrl-C to docker, too. The command below then fails, and clean-up follows.
process.on('SIGINT', () => {
  interrupted.abort(new Error('interrupted'));
});
if (parts.includes('worker')) await measureWorker(rounds);
if (parts.includes('compose') || parts.includes('images')) {
  try {
    console.log('building the images (not measured)');
    await compose('build');
    if (parts.includes('images')) await measureImages();
    if (parts.includes('compose')) await measureCompose(rounds);
  } finally {
    await compose('down', '--volumes');
    // `down --rmi` removes no images once the containers are gone.
    await docker(['image', 'prune', '--all', '--force', '--filter', `label=com.docker.compose.project=${project}`]);
  }
}
