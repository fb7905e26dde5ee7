import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Child } from '../../tools/local/children.mjs';
import { deployTopology, SERVICES, startMiniStack, startService, type Service } from '../../tools/local/embedded.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { build, installEmulator } from '../../tools/local/requirements.mjs';
import type { ServiceName, System } from './system.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The timings of compose.test.yaml. */
const SHORT_TIMINGS = {
  LOG_FORMAT: 'json',
  VISIBILITY_TIMEOUT_SECONDS: '6',
  OUTBOX_DELAY_MS: '2000',
  SQS_WAIT_TIME_SECONDS: '1',
  HANDLER_TIMEOUT_MS: '4000',
  AWS_REQUEST_TIMEOUT_MS: '1000',
  MAX_RECEIVES: '4',
  RETRY_MAX_SECONDS: '2',
  RATE_LIMIT_MAX: '1000000',
  SWEEP_INTERVAL_MS: '500',
  QUEUE_GRACE_MS: '10000',
  FULFILMENT_DELAY_MS: '100',
};

type EmbeddedOptions = {
  env?: Record<string, string>;
  /** What the services take for the emulator, as a faulty network in front of it. Given the emulator's own URL. */
  endpointFor?: (emulatorUrl: string) => Promise<string>;
};

/** An emulator with the topology in it, as a process of this machine. */
export async function startEmulator(): Promise<{ url: string; python: string; dispose: () => Promise<void> }> {
  const { python } = installEmulator(root);
  const logDir = `${await mkdtemp(join(tmpdir(), 'orderflow-'))}/`;
  const port = await freePort();
  const child = await startMiniStack({ root, logDir, onLine: () => undefined }, { python, port });
  const url = `http://127.0.0.1:${port}`;
  await deployTopology(root, { python, emulatorUrl: url });
  return {
    url,
    python,
    dispose: async () => {
      child.kill('SIGTERM');
      await child.ended;
      await rm(logDir, { recursive: true, force: true });
    },
  };
}

/** Deploys the topology to a system whose emulator has lost it. */
export async function deployAgain(system: System): Promise<void> {
  const { python } = installEmulator(root);
  await deployTopology(root, { python, emulatorUrl: await system.awsEndpoint() });
}

/** The whole system as processes of this machine, on free ports, with short timings. */
export async function startEmbeddedSystem({ env = {}, endpointFor }: EmbeddedOptions = {}): Promise<System> {
  await build(root);
  const emulator = await startEmulator();
  const emulatorUrl = endpointFor ? await endpointFor(emulator.url) : emulator.url;
  const logDir = `${await mkdtemp(join(tmpdir(), 'orderflow-'))}/`;
  const running = new Map<ServiceName, Child>();
  const ports = Object.fromEntries(
    await Promise.all(SERVICES.map(async (service) => [service, await freePort()] as const)),
  ) as Record<Service, number>;

  async function start(service: ServiceName): Promise<void> {
    if (service === 'localstack' || running.has(service)) return;
    const { child, ready } = startService({ root, logDir, onLine: () => undefined }, service, {
      port: ports[service],
      emulatorUrl,
      env: { ...SHORT_TIMINGS, ...env },
    });
    running.set(service, child);
    await ready;
  }

  async function end(service: ServiceName, signal: NodeJS.Signals): Promise<number> {
    const child = running.get(service);
    if (!child) return 0;
    child.kill(signal);
    const code = await child.ended;
    running.delete(service);
    return code;
  }

  const system: System = {
    stage: env.STAGE ?? 'local',
    apiUrl: () => Promise.resolve(`http://127.0.0.1:${ports['api-gateway']}`),
    awsEndpoint: () => Promise.resolve(emulator.url),
    kill: async (service) => {
      await end(service, 'SIGKILL');
    },
    stop: (...services) => Promise.all(services.map((service) => end(service, 'SIGTERM'))),
    start: async (...services) => {
      await Promise.all(services.map(start));
    },
    logs: (service) => readFile(`${logDir}${service}.log`, 'utf8'),
    dispose: async () => {
      await system.stop(...SERVICES);
      await emulator.dispose();
      await rm(logDir, { recursive: true, force: true });
    },
  };
  try {
    await system.start(...SERVICES);
  } catch (error) {
    await system.dispose();
    throw error;
  }
  return system;
}
