/** The whole system as processes of this machine: an emulator, the topology in it, the three services. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './children.mjs';
import { LocalError } from './fail.mjs';
import { createPatience } from './patience.mjs';

/**
 * @typedef {import('./children.mjs').Child} Child
 * @typedef {'api-gateway' | 'order-worker' | 'notification-worker'} Service
 * @typedef {{ root: string, logDir: string, onLine?: (name: string, line: string) => void }} Place without `onLine` nobody follows the lines
 */

/** @type {Service[]} */
export const SERVICES = ['api-gateway', 'order-worker', 'notification-worker'];

const HEALTHY_WITHIN_MS = 60_000;

/**
 * Any answer will do until `isDone`; a child that ends meanwhile will never answer.
 * @param {string} url
 * @param {Child} child
 */
export async function untilHealthy(url, child) {
  const patience = createPatience(HEALTHY_WITHIN_MS);
  let ended = false;
  void child.ended.then(() => {
    ended = true;
  });
  for (;;) {
    try {
      const { ok } = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      if (ok) return;
    } catch {
      // Not listening yet.
    }
    if (ended || patience.isOver()) {
      const what = ended ? 'ended at once' : `was not healthy within ${HEALTHY_WITHIN_MS / 1_000} s`;
      throw new LocalError(
        `${child.name} ${what}. Its last lines:\n${child.tail().join('\n')}`,
        'Mend that and run this again.',
      );
    }
    await sleep(100);
  }
}

/**
 * Starts MiniStack and waits until it answers.
 * @param {Place} place
 * @param {{ python: string, port: number }} options
 */
export async function startMiniStack({ root, logDir, onLine }, { python, port }) {
  const child = startChild({
    name: 'emulator',
    command: python,
    args: ['-m', 'ministack'],
    cwd: root,
    // It binds to every address by default.
    env: {
      ...process.env,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      LOG_LEVEL: 'ERROR',
      PYTHONUNBUFFERED: '1',
    },
    logFile: `${logDir}emulator.log`,
    ...(onLine ? { onLine: (line) => onLine('emulator', line) } : {}),
  });
  await untilHealthy(`http://127.0.0.1:${port}/_ministack/health`, child);
  return child;
}

/**
 * Deploys the template; the same file does it that LocalStack runs.
 * @param {string} root
 * @param {{ python: string, emulatorUrl: string, env?: NodeJS.ProcessEnv }} options
 */
export async function deployTopology(root, { python, emulatorUrl, env = {} }) {
  try {
    await promisify(execFile)(python, [`${root}localstack-init/ready.d/10-deploy.py`], {
      env: { ...process.env, ...env, TEMPLATE: `${root}infrastructure/template.yaml`, EMULATOR_URL: emulatorUrl },
    });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    throw new LocalError(
      `The topology could not be deployed:\n${stdout}${stderr}`.trim(),
      'Mend the template and run this again.',
    );
  }
}

/**
 * Starts one service and waits for nothing. A second process of the service has a name of its own; `main` is what it
 * runs in place of the service's own main file.
 * @param {Place} place
 * @param {Service} service
 * @param {{ port: number, emulatorUrl: string, env?: NodeJS.ProcessEnv, name?: string, main?: string }} options
 */
export function spawnService({ root, logDir, onLine }, service, options) {
  const { port, emulatorUrl, env = {}, name = service, main = `services/${service}/dist/main.js` } = options;
  return startChild({
    name,
    command: process.execPath,
    args: ['--no-warnings', main],
    cwd: root,
    env: {
      LOG_FORMAT: 'pretty',
      // A worker that stops waits for its poll to return.
      SQS_WAIT_TIME_SECONDS: '2',
      ...process.env,
      ...env,
      PORT: String(port),
      HOST: '127.0.0.1',
      AWS_ENDPOINT_URL: emulatorUrl,
      AWS_REGION: 'us-east-1',
      // The emulator takes any; the real ones in the shell must not get in here.
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_SESSION_TOKEN: '',
    },
    logFile: `${logDir}${name}.log`,
    ...(onLine ? { onLine: (line) => onLine(name, line) } : {}),
  });
}

/**
 * Starts one service; `ready` resolves when it is healthy.
 * @param {Place} place
 * @param {Service} service
 * @param {{ port: number, emulatorUrl: string, env?: NodeJS.ProcessEnv }} options
 */
export function startService(place, service, options) {
  const child = spawnService(place, service, options);
  return { child, ready: untilHealthy(readyUrl(options.port), child) };
}

/**
 * What tells the API where the workers are, for its live page.
 * @param {{ service: Service, port: number }[]} processes
 */
export function workerUrls(processes) {
  const workers = processes.filter(({ service }) => service !== 'api-gateway');
  return { WORKER_URLS: workers.map(({ service, port }) => `${service}=http://127.0.0.1:${port}`).join(',') };
}

/** @param {number} port */
export function readyUrl(port) {
  return `http://127.0.0.1:${port}/health/ready`;
}
