import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@orderflow/testing/eventually';
import { deployTopology, SERVICE_NAMES, workerUrls, type Service } from '../../tools/local/embedded.mjs';
import { issuerAt, startProvider, trustVariables } from '../../tools/local/identity-provider.mjs';
import type { Credentials } from '../../tools/local/environment.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { build as compile, installEmulator } from '../../tools/local/requirements.mjs';
import { CREDENTIALS } from './credentials.js';
import { startEmptyEmulator, startLocalStackEmulator, type Emulator } from './emulator.js';
import { sendRaw, signedBy } from './guard/raw-request.js';
import { createInstance, type Instance } from './instance.js';
import { killAtExit } from './kill-at-exit.js';
import { lastingPort } from './lasting-port.js';
import { SHORT_TIMINGS } from './short-timings.js';
import type { ServiceName, System } from './system.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

type PerService<T> = Partial<Record<Service, T>>;

/** One of a service's replicas, from 1, in its `life`-th process. */
export type ServiceProcess = { service: Service; replica: number; life: number };

type EmbeddedOptions = {
  /** Variables for all services and the deployment. */
  env?: Record<string, string>;
  /** Base of `env`; by default short timings. */
  timings?: Record<string, string>;
  envOf?: PerService<Record<string, string>>;
  /** Further variables of one process, evaluated at each start. */
  envOfProcess?: (process: ServiceProcess) => Record<string, string>;
  /** Processes per service; by default 1. */
  replicas?: PerService<number>;
  /** Whether a process that ends by itself is restarted. */
  restart?: boolean;
  /** Replacements of main files, as paths from the root. */
  mains?: PerService<string>;
  /** An existing emulator, which is kept. The topology of this STAGE is deployed to it. */
  emulator?: 'ministack' | 'localstack' | Emulator;
  /** Maps the emulator's URL to the one for the services, for example of a faulty network. */
  endpointFor?: (emulatorUrl: string) => Promise<string>;
  /** A service's credentials; by default those of the emulator. Called after `endpointFor`. */
  credentialsOf?: (service: Service) => Credentials;
  /** False if the services are already compiled. */
  build?: boolean;
  /** The API asks for access tokens of a provider that is started, too. */
  auth?: boolean;
};

export type EmbeddedSystem = System & {
  /** The processes of one service, or of all. */
  instances(service?: Service): Instance[];
  /** Whose tokens the API asks for; undefined if it asks for none. */
  issuer: string | undefined;
};

/** A local emulator with the topology. */
export async function startEmulator(env: Record<string, string> = {}): Promise<Emulator & { python: string }> {
  const emulator = await startEmptyEmulator();
  await emulator.deploy(env);
  return emulator;
}

/** Removes the topology and its data from a system's emulator. */
export async function deleteTopology(system: System): Promise<void> {
  const { host, port } = new URL(await system.awsEndpoint());
  const signature = signedBy(CREDENTIALS.accessKeyId, 'cloudformation');
  const ask = (Action: string) =>
    sendRaw(Number(port), {
      headers: [`Host: ${host}`, signature, 'Content-Type: application/x-www-form-urlencoded'],
      body: new URLSearchParams({ Action, StackName: `orderflow-${system.stage}`, Version: '2010-05-15' }).toString(),
    });
  await ask('DeleteStack');
  await eventually(async () => (await ask('DescribeStacks')).includes('does not exist'), 'the end of the stack');
}

/** Deploys the topology again. */
export async function deployAgain(system: System): Promise<void> {
  const { python } = await installEmulator(root);
  await deployTopology(root, {
    ...{ python, emulatorUrl: await system.awsEndpoint(), credentials: CREDENTIALS },
    env: { STAGE: system.stage },
  });
}

/** An emulator with the system's topology. It is removed with the system, unless it was passed in. */
async function openEmulator(wanted: EmbeddedOptions['emulator'], env: Record<string, string>): Promise<Emulator> {
  if (wanted === 'localstack') return startLocalStackEmulator(env);
  if (wanted === undefined || wanted === 'ministack') return startEmulator(env);
  await wanted.deploy(env);
  return { ...wanted, dispose: () => Promise.resolve() };
}

/** Starts the whole system as local processes on free ports, by default with short timings. */
export async function startEmbeddedSystem(options: EmbeddedOptions = {}): Promise<EmbeddedSystem> {
  const { envOf = {}, envOfProcess, replicas = {}, restart = false, mains = {}, endpointFor, build = true } = options;
  const { auth = false, credentialsOf = () => CREDENTIALS } = options;
  const env: Record<string, string> = { ...(options.timings ?? SHORT_TIMINGS), ...options.env };
  const compiled = build ? compile(root) : Promise.resolve();
  compiled.catch(() => undefined);
  const emulator = await openEmulator(options.emulator, env);
  const emulatorUrl = endpointFor ? await endpointFor(emulator.url) : emulator.url;
  const logDir = `${await mkdtemp(join(tmpdir(), 'orderflow-'))}/`;

  const place = { root, logDir };
  const providerPort = auth ? await freePort() : undefined;
  const provider = providerPort === undefined ? undefined : await startProvider(place, providerPort, env);
  if (provider) killAtExit(provider);
  const trust = providerPort === undefined ? {} : trustVariables(providerPort);

  const portsOf = (service: Service) => Promise.all(Array.from({ length: replicas[service] ?? 1 }, lastingPort));
  const places = await Promise.all(SERVICE_NAMES.map(async (service) => ({ service, ports: await portsOf(service) })));
  const workers = workerUrls(places.flatMap(({ service, ports }) => ports.map((port) => ({ service, port }))));

  const all = places.flatMap(({ service, ports }) => {
    const main = mains[service];
    return ports.map((port, index) =>
      createInstance({
        place,
        name: index === 0 ? service : `${service}-${index + 1}`,
        service,
        port,
        emulatorUrl,
        credentials: credentialsOf(service),
        env: { ...workers, ...env, ...(service === 'api-gateway' ? trust : {}), ...envOf[service] },
        main,
        restart,
        ...(envOfProcess ? { envOfLife: (life) => envOfProcess({ service, replica: index + 1, life }) } : {}),
      }),
    );
  });
  const of = (...services: (ServiceName | undefined)[]) => all.filter(({ service }) => services.includes(service));

  const system: EmbeddedSystem = {
    stage: env.STAGE ?? 'local',
    issuer: providerPort === undefined ? undefined : issuerAt(providerPort),
    apiUrl: () => Promise.resolve(`http://127.0.0.1:${of('api-gateway')[0]?.port ?? 0}`),
    awsEndpoint: () => Promise.resolve(emulator.url),
    instances: (service) => (service === undefined ? [...all] : of(service)),
    kill: async (service) => {
      await Promise.all(of(service).map((instance) => instance.down('SIGKILL')));
    },
    stop: async (...services) => {
      const ends = await Promise.all(services.flatMap((service) => of(service).map((instance) => instance.stop())));
      return ends.map(({ code }) => code);
    },
    start: async (...services) => {
      await Promise.all(of(...services).map((instance) => instance.start()));
    },
    logs: async (service) => (await Promise.all(of(service).map((instance) => instance.logs()))).join(''),
    dispose: async () => {
      await Promise.all([...all.map((instance) => instance.dispose()), provider?.stop()]);
      await emulator.dispose();
      await rm(logDir, { recursive: true, force: true });
    },
  };
  try {
    await compiled;
    await system.start(...SERVICE_NAMES);
  } catch (error) {
    await system.dispose();
    throw error;
  }
  return system;
}
