/**
 * How much longer the whole system takes to start than LocalStack alone, with images built: `npm run bench:startup -- [rounds]`.
 * The two alternate, because a machine's speed drifts; what counts is the difference of the medians.
 */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const GOAL_SECONDS = 5;
const STRETCH_SECONDS = 3;
const rounds = Number(process.argv[2] ?? 5);
const project = `orderflow-bench-startup-${process.pid}`;
// In place of what .env may say; 0 is any free port.
const settings = {
  STAGE: 'bench',
  API_PORT: '0',
  LOCALSTACK_PORT: '0',
  ORDER_WORKER_PORT: '0',
  NOTIFICATION_WORKER_PORT: '0',
};

/**
 * @param {string[]} args
 * @returns {Promise<void>} rejects with the end of the output
 */
function docker(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, ...settings },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      const end = output.split('\n').slice(-20).join('\n');
      if (code === 0) resolve();
      else reject(new Error(`docker ${args.join(' ')} ended with ${code}:\n${end}`));
    });
  });
}

/** @param {string[]} args */
const compose = (...args) => docker('compose', '--project-name', project, ...args);

/**
 * Seconds until everything named is healthy, starting from nothing.
 * @param {string[]} services
 */
async function secondsToHealthy(...services) {
  const start = performance.now();
  await compose('up', '--wait', ...services);
  const seconds = (performance.now() - start) / 1000;
  await compose('down', '--volumes');
  return seconds;
}

/**
 * The median, for an odd number of values.
 * @param {number[]} values
 */
function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** @param {number} seconds */
const format = (seconds) => `${seconds.toFixed(1).padStart(5)} s`;

// The terminal sends Ctrl-C to docker as well: what runs below ends with an error, and the clean-up follows.
process.on('SIGINT', () => undefined);
try {
  console.log('building the images, which is not measured');
  await compose('build');
  const alone = [];
  const whole = [];
  for (let round = 1; round <= rounds; round += 1) {
    const seconds = { alone: await secondsToHealthy('localstack'), whole: await secondsToHealthy() };
    console.log(`round ${round}:  LocalStack alone ${format(seconds.alone)}   whole system ${format(seconds.whole)}`);
    alone.push(seconds.alone);
    whole.push(seconds.whole);
  }
  const added = median(whole) - median(alone);
  const verdict = added <= STRETCH_SECONDS ? 'met' : added <= GOAL_SECONDS ? 'met, the stretch missed' : 'missed';
  console.log(`median:   LocalStack alone ${format(median(alone))}   whole system ${format(median(whole))}`);
  console.log(
    `the services add ${added.toFixed(1)} s: the goal (${GOAL_SECONDS} s, stretch ${STRETCH_SECONDS} s) is ${verdict}`,
  );
} finally {
  await compose('down', '--volumes');
  // `down --rmi` removes no images once the containers are gone.
  await docker('image', 'prune', '--all', '--force', '--filter', `label=com.docker.compose.project=${project}`);
}
