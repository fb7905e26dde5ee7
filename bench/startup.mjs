/**
 * How much longer the whole system takes to start than LocalStack alone, with images built: `npm run bench:startup [rounds]`.
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

function compose(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', ['compose', '--project-name', project, ...args], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, ...settings },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`docker compose ${args.join(' ')} ended with ${code}:\n${output}`));
    });
  });
}

/** Seconds until everything named is healthy, starting from nothing. */
async function secondsToHealthy(...services) {
  const start = performance.now();
  await compose('up', '--wait', ...services);
  const seconds = (performance.now() - start) / 1000;
  await compose('down', '--volumes');
  return seconds;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const format = (seconds) => `${seconds.toFixed(1).padStart(5)} s`;

async function cleanUp() {
  await compose('down', '--volumes', '--rmi', 'local').catch((error) => console.error(error.message));
}

// The terminal sends Ctrl-C to docker as well: the run below ends with an error and cleans up.
process.on('SIGINT', () => undefined);
try {
  console.log('building the images, which is not measured');
  await compose('build');
  const alone = [];
  const whole = [];
  for (let round = 1; round <= rounds; round += 1) {
    alone.push(await secondsToHealthy('localstack'));
    whole.push(await secondsToHealthy());
    console.log(`round ${round}:  LocalStack alone ${format(alone.at(-1))}   whole system ${format(whole.at(-1))}`);
  }
  const difference = median(whole) - median(alone);
  console.log(`median:   LocalStack alone ${format(median(alone))}   whole system ${format(median(whole))}`);
  const verdict =
    difference <= STRETCH_SECONDS ? 'met' : difference <= GOAL_SECONDS ? 'met, the stretch missed' : 'missed';
  console.log(
    `the services add ${format(difference).trim()}: the goal (at most ${GOAL_SECONDS} s, stretch ${STRETCH_SECONDS} s) is ${verdict}`,
  );
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
