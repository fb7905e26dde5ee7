/**
 * What a start costs: `npm run bench -- --startup [rounds]`.
 *   compose  time until the whole system is healthy, compared with LocalStack alone. Images are built before. The two
 *            alternate, because the speed of a machine drifts; the result is the difference of the medians.
 *   images   size of our images without their base image
 *   worker   time from the start of an order worker's process to its first receive call, without Docker
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openPlaces, withCountedSubject } from './support/bench-system.js';
import { docker, megabytesOver } from './support/docker.js';
import { commandLine, listOf, wholeNumber } from './support/options.js';
import { median } from './support/stats.js';

const PARTS = ['compose', 'images', 'worker'] as const;
const GOAL_SECONDS = 3;
/** The same as in the Dockerfiles. */
const BASE_IMAGE = 'node:24-bookworm-slim';
const IMAGE_GOALS = { 'order-worker': 20, 'api-gateway': 40 } as const;

const interrupted = new AbortController();
const project = `orderflow-bench-startup-${process.pid}`;
// Overrides .env; port 0 is any free port.
const settings = {
  STAGE: 'bench',
  API_PORT: '0',
  LOCALSTACK_PORT: '0',
  ORDER_WORKER_PORT: '0',
  NOTIFICATION_WORKER_PORT: '0',
};

const USAGE = `npm run bench -- --startup [ROUNDS, 5] [--only ${PARTS.join(',')}]`;

const compose = (...args: string[]) => docker(['compose', '--project-name', project, ...args], settings);

/** Seconds until these services are healthy (all if none is named), starting from nothing. */
async function secondsToHealthy(...services: string[]): Promise<number> {
  const start = performance.now();
  // LocalStack's hook waits for the settings that the service topology provides.
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
  const places = await openPlaces('ministack');
  const times = await withCountedSubject(places, 'ours', async ({ system }, proxy) => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      interrupted.signal.throwIfAborted();
      await system.stop('order-worker');
      const received = proxy.next('SQS ReceiveMessage');
      const startedAt = performance.now();
      await system.start('order-worker');
      times.push((await received) - startedAt);
    }
    return times;
  });
  console.log(`order-worker: ${format(median(times), 'ms')} from the start of its process to its first receive`);
}

const { rounds, parts } = commandLine(USAGE, () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', default: PARTS.join(',') } },
  });
  const [rounds = '5'] = positionals;
  return { rounds: wholeNumber('rounds', rounds, 100), parts: listOf('only', values.only, PARTS) };
});
// Ctrl-C also reaches docker: the command below fails, and the clean-up follows.
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
    // `down --rmi` removes no images after the containers are gone.
    await docker(['image', 'prune', '--all', '--force', '--filter', `label=com.docker.compose.project=${project}`]);
  }
}
