/** The system as local processes: emulator, topology and services. */
import { SERVICES } from '../../contracts/src/topology.js';
import { request } from './ask.mjs';
import { startChild } from './children.mjs';
import { forDeployment, forServices, ofTheMachine, sdkVariables, toolVariables } from './environment.mjs';
import { LocalError } from './fail.mjs';
import { poll } from './patience.mjs';
import { runOrFail } from './run-to-end.mjs';

/**
 * @typedef {import('./children.mjs').Child} Child
 * @typedef {import('./environment.mjs').Credentials} Credentials
 * @typedef {keyof typeof SERVICES} Service
 * @typedef {{ port: number, emulatorUrl: string, credentials: Credentials, env?: NodeJS.ProcessEnv, name?: string, main?: string }} ServiceOptions
 * @typedef {{ root: string, logDir: string, onStart?: (child: Child) => void }} Place `onStart` gets each process at once, before it is ready
 */

export const SERVICE_NAMES = /** @type {Service[]} */ (Object.keys(SERVICES));

const HEALTHY_WITHIN_MS = 60_000;
/** A round of polling must be short. */
const ANSWERS_WITHIN_MS = 2_000;

/** Waits until the URL answers with 200. Fails if the child ends. @param {string} url @param {Child} child */
export async function untilHealthy(url, child) {
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const look = async () => {
    const answer = await request(url, { withinMs: ANSWERS_WITHIN_MS });
    return answer?.status === 200 ? 'healthy' : hasEnded && 'ended';
  };
  const state = await poll(look, HEALTHY_WITHIN_MS);
  if (state === 'healthy') return;
  const what = state === 'ended' ? 'ended at once' : `was not healthy within ${HEALTHY_WITHIN_MS / 1_000} s`;
  throw new LocalError(
    `${child.name} ${what}. Its last lines:\n${child.tail().join('\n')}`,
    'Fix that and run this again.',
  );
}

/**
 * Starts a process that logs to the folder.
 * @param {Place} place @param {{ name: string, command: string, args: string[], env: NodeJS.ProcessEnv }} options
 */
export function startIn({ root, logDir, onStart }, options) {
  const child = startChild({ ...options, cwd: root, logFile: `${logDir}${options.name}.log` });
  onStart?.(child);
  return child;
}

/**
 * Starts MiniStack behind its guard, which accepts only these credentials, and waits until it is healthy.
 * @param {Place} place @param {{ python: string, port: number, credentials: Credentials }} options
 */
export async function startMiniStack(place, { python, port, credentials }) {
  const env = {
    ...ofTheMachine(process.env),
    ...{ EMULATOR_ACCESS_KEY_ID: credentials.accessKeyId, GATEWAY_PORT: String(port), LOG_LEVEL: 'ERROR' },
  };
  // -I ignores the user's Python packages. -u writes the log unbuffered.
  const args = ['-I', '-u', `${place.root}tools/local/guard.py`];
  const child = startIn(place, { name: 'emulator', command: python, args, env });
  await untilHealthy(`http://127.0.0.1:${port}/_ministack/health`, child);
  return child;
}

/**
 * Deploys the template with the script that LocalStack runs, too.
 * @param {string} root
 * @param {{ python: string, emulatorUrl: string, credentials: Credentials, env?: NodeJS.ProcessEnv, signal?: AbortSignal }} options
 */
export async function deployTopology(root, { python, emulatorUrl, credentials, env, signal }) {
  const TEMPLATE = `${root}infrastructure/template.yaml`;
  return runOrFail(python, ['-I', `${root}localstack-init/ready.d/10-deploy.py`], {
    env: { ...forDeployment(process.env), ...env, ...toolVariables(credentials), TEMPLATE, EMULATOR_URL: emulatorUrl },
    signal,
    problem: 'The topology could not be deployed',
    fix: 'Fix the template or the named variable and run this again.',
  });
}

/**
 * Starts one service without waiting. A second process of the service needs another `name`; `main` replaces its main
 * file.
 * @param {Place} place @param {Service} service @param {ServiceOptions} options
 */
export function spawnService(place, service, { port, emulatorUrl, credentials, env, name = service, main }) {
  return startIn(place, {
    name,
    command: process.execPath,
    args: ['--no-warnings', main ?? `services/${service}/dist/main.js`],
    env: {
      // A stopping worker waits for its poll to return.
      ...{ LOG_FORMAT: 'pretty', SQS_WAIT_TIME_SECONDS: '2' },
      ...forServices(process.env),
      ...env,
      ...{ PORT: String(port), HOST: '127.0.0.1' },
      ...sdkVariables(emulatorUrl, credentials),
    },
  });
}

/** Resolves when it is healthy. @param {Place} place @param {Service} service @param {ServiceOptions} options */
export async function startService(place, service, options) {
  await untilHealthy(readyUrl(options.port), spawnService(place, service, options));
}

/**
 * The variable that tells the API's live page where the workers are.
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
