/** The steps of `npm run local`, from the checks of the machine to healthy services. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { SERVICES } from '../../contracts/src/topology.js';
import { checkDocker, startLocalStack } from './docker.mjs';
import { deployTopology, SERVICE_NAMES, startMiniStack, startService, workerUrls } from './embedded.mjs';
import { LocalError } from './fail.mjs';
import { issuerAt, startProvider, trustVariables } from './identity-provider.mjs';
import { doubtAboutIds, isAlive } from './identity.mjs';
import { endLeftBehind, makeRunFolder, pidFile } from './local-run.mjs';
import { withLock } from './lock.mjs';
import { choosePort } from './ports.mjs';
import { build, checkNode, installDependencies, installEmulator } from './requirements.mjs';
import { createStep, say } from './steps.mjs';

/**
 * @typedef {import('./embedded.mjs').Service} Service
 * @typedef {{ usesContainer?: boolean, urls?: Record<string, string> }} Facts
 * @typedef {object} Run
 * @property {AbortSignal} signal a stop
 * @property {import('./children.mjs').Processes} processes
 * @property {import('./environment.mjs').Credentials} credentials
 * @property {(facts?: Facts) => void} remember writes the run file
 */

const WORKERS = SERVICE_NAMES.filter((service) => service !== 'api-gateway');

/** One port after the other, because a free one is not reserved. @param {boolean} auth whether a provider needs one */
async function choosePorts(auth) {
  const ports = /** @type {Record<Service | 'emulator' | 'provider', number>} */ ({
    emulator: await choosePort('LOCALSTACK_PORT', 4566),
  });
  for (const service of SERVICE_NAMES) {
    const { portVariable, port } = SERVICES[service];
    ports[service] = await choosePort(portVariable, port);
  }
  if (auth) ports.provider = await choosePort('IDENTITY_PORT', 3040);
  return ports;
}

/**
 * Refuses to start beside a running system, and ends the children of a dead launcher.
 * @param {import('./local-run.mjs').RunFolder} folder @param {Run} run
 */
async function takeOver(folder, { signal, remember }) {
  const known = pidFile(folder.runFile).readStrictly();
  if (known && isAlive(known.parent)) {
    throw new LocalError(
      `Orderflow is running here already (process ${known.parent.pid}): ${known.urls['API'] ?? 'it is still starting'}`,
      `Stop it first: ${folder.prefix}npm run local:stop   (or Ctrl-C where it runs)`,
    );
  }
  const stale = (known?.children ?? []).filter(isAlive).length;
  if (known) await endLeftBehind(folder);
  signal.throwIfAborted();
  remember();
  return stale === 0 ? 'none' : `${stale} ended`;
}

/**
 * @param {import('./local-run.mjs').RunFolder} folder
 * @param {{ emulator: string, watch: boolean, auth: boolean }} options @param {Run} run
 */
export async function startSystem(folder, { emulator, watch, auth }, run) {
  const { root, runFile, logDir } = folder;
  const { signal, processes, credentials, remember } = run;
  const step = createStep(signal);
  const usesContainer = emulator === 'localstack';
  say(`Starting Orderflow ${usesContainer ? 'with a LocalStack container' : 'without Docker'}`);
  await step('Node.js', checkNode);
  if (usesContainer) await step('Docker', checkDocker);
  makeRunFolder(dirname(runFile));
  // An existing folder may be readable by others.
  mkdirSync(`${root}.local`, { recursive: true });
  chmodSync(`${root}.local`, 0o700);
  await step('stale processes', () => withLock(`${runFile}.lock`, () => takeOver(folder, run), { signal }));
  const doubt = doubtAboutIds();
  if (doubt) say(`  ${doubt}`);
  const ports = await step('ports', () => choosePorts(auth));
  await step('dependencies', () => installDependencies(root, { signal }));
  // LocalStack's container has its own Python.
  const python = usesContainer
    ? ''
    : (await step('emulator installed', () => installEmulator(root, { signal }))).python;
  rmSync(logDir, { recursive: true, force: true });
  mkdirSync(logDir, { recursive: true });

  const place = { root, logDir, onStart: processes.add };
  const emulatorUrl = `http://127.0.0.1:${ports.emulator}`;
  if (auth) {
    await step('OpenID provider', async () => {
      await startProvider(place, ports.provider);
    });
  }
  const building = build(root, undefined, { signal });
  building.catch(() => undefined);
  if (usesContainer) {
    await step('LocalStack, topology deployed', () => {
      remember({ usesContainer });
      return startLocalStack(folder, ports.emulator, signal);
    });
  } else {
    await step('MiniStack', async () => {
      await startMiniStack(place, { python, port: ports.emulator, credentials });
    });
    await step('topology deployed', async () => {
      await deployTopology(root, { python, emulatorUrl, credentials, signal });
    });
  }
  await step('services built', async () => {
    try {
      await building;
    } catch (error) {
      if (!watch || !(error instanceof LocalError)) throw error;
      say(`\n${error.message}\n`);
    }
  });
  const env = {
    ...workerUrls(SERVICE_NAMES.map((service) => ({ service, port: ports[service] }))),
    ...(auth ? trustVariables(ports.provider) : {}),
  };
  /** @param {Service} service */
  const startOne = (service) => startService(place, service, { port: ports[service], emulatorUrl, credentials, env });
  /** A service that fails to start waits for the next change. @param {Service} service */
  const tryToStart = async (service) => {
    try {
      await startOne(service);
      return true;
    } catch (error) {
      // If it ended, its last lines were already printed.
      if (!signal.aborted && processes.find(service)?.isStopping() === false)
        say(`\n${/** @type {Error} */ (error).message}\n`);
      return false;
    }
  };
  await step('services healthy', async () => {
    await Promise.all(SERVICE_NAMES.map((service) => (watch ? tryToStart(service) : startOne(service))));
  });

  const api = `http://127.0.0.1:${ports['api-gateway']}`;
  const urls = {
    'Live page': `${api}/`,
    API: `${api}/api/orders`,
    'API documentation': `${api}/docs`,
    ...Object.fromEntries(WORKERS.map((worker) => [worker, `http://127.0.0.1:${ports[worker]}/health`])),
    'AWS endpoint': emulatorUrl,
    ...(auth ? { 'OpenID provider': issuerAt(ports.provider) } : {}),
  };
  remember({ urls });
  return { place, tryToStart, urls };
}
