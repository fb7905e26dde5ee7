import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { resourceNames, type ResourceNames } from '@orderflow/contracts';
import { createQueueUrls } from '@orderflow/platform/aws/queues';
import { startEmbeddedSystem, type EmbeddedSystem } from '../../tests/support/embedded-system.js';
import { startEmptyEmulator, startLocalStackEmulator, type Emulator } from '../../tests/support/emulator.js';
import { startCountingProxy, type CountingProxy } from './counting-proxy.js';
import { mainsOf, type Subject } from './subjects.js';
import type { EmulatorKind } from './use-emulator.js';
import { emulatorClient } from '../../tools/local/environment.mjs';

/** An emulator with an unused stage. */
export type Place = { emulator: Emulator; stage: string; dispose: () => Promise<void> };

/** Places for measurements, each with separate tables and queues. */
export type Places = { fresh(): Promise<Place>; dispose(): Promise<void> };

/** MiniStack starts within a second, so each place gets a new one. All places share one LocalStack. */
export async function openPlaces(kind: EmulatorKind): Promise<Places> {
  let ordinal = 0;
  if (kind === 'ministack') {
    return {
      fresh: async () => {
        const emulator = await startEmptyEmulator();
        return { emulator, stage: 'bench', dispose: () => emulator.dispose() };
      },
      dispose: () => Promise.resolve(),
    };
  }
  const emulator = await startLocalStackEmulator({ STAGE: 'unused' });
  return {
    fresh: () => Promise.resolve({ emulator, stage: `bench-${++ordinal}`, dispose: () => Promise.resolve() }),
    dispose: () => emulator.dispose(),
  };
}

/** Production settings, nothing simulated, and no rate limit for the only client. */
const ENV = {
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  LOG_FORMAT: 'json',
  SQS_WAIT_TIME_SECONDS: '5',
  NOTIFY_ON_ORDER_OUTCOME: 'false',
  FULFILMENT_DELAY_MS: '0',
  RATE_LIMIT_MAX: '100000000',
  // The peers have no deadline. On a busy machine ours would refuse orders that they complete late.
  AWS_REQUEST_TIMEOUT_MS: '9000',
};

export type BenchSystem = {
  apiUrl: string;
  emulator: Emulator;
  names: ResourceNames;
  dynamo: DynamoDBClient;
  sqs: SQSClient;
  orderQueueUrl: string;
  system: EmbeddedSystem;
  pids(): { api: number; worker: number };
  dispose(): Promise<void>;
};

type BenchSystemOptions = {
  workers?: number;
  /** Extra variables for all services. */
  env?: Record<string, string>;
  /** Gives the endpoint that the services use, for example a proxy in front of the emulator. */
  endpointFor?: (emulatorUrl: string) => Promise<string>;
};

/** Starts one API and the order workers of a subject. The emulator outlives them. */
export async function startSubjectIn(
  { emulator, stage }: Place,
  subject: Subject,
  { workers = 1, env = {}, endpointFor }: BenchSystemOptions = {},
): Promise<BenchSystem> {
  const system = await startEmbeddedSystem({
    timings: {},
    env: { ...ENV, ...env, STAGE: stage },
    replicas: { 'order-worker': workers, 'notification-worker': 0 },
    emulator,
    build: false,
    mains: mainsOf(subject),
    endpointFor,
  });
  const client = emulatorClient(emulator.url, emulator.credentials);
  const dynamo = new DynamoDBClient(client);
  const sqs = new SQSClient(client);
  const names = resourceNames(stage);
  const pidOf = (service: 'api-gateway' | 'order-worker'): number => {
    const pid = system.instances(service)[0]?.pid();
    if (pid === undefined) throw new Error(`${subject}: ${service} has ended`);
    return pid;
  };
  return {
    apiUrl: await system.apiUrl(),
    emulator,
    names,
    dynamo,
    sqs,
    orderQueueUrl: await createQueueUrls(sqs)(names.orderQueue),
    system,
    pids: () => ({ api: pidOf('api-gateway'), worker: pidOf('order-worker') }),
    dispose: async () => {
      dynamo.destroy();
      sqs.destroy();
      // No need to drain: the data is not used again.
      await Promise.all((['api-gateway', 'order-worker'] as const).map((service) => system.kill(service)));
      await system.dispose();
    },
  };
}

/** Runs a subject in a fresh place and disposes of both. */
export async function withSubject<T>(
  places: Places,
  subject: Subject,
  use: (system: BenchSystem) => Promise<T>,
  options: BenchSystemOptions = {},
): Promise<T> {
  const place = await places.fresh();
  try {
    const system = await startSubjectIn(place, subject, options);
    try {
      return await use(system);
    } finally {
      await system.dispose();
    }
  } finally {
    await place.dispose();
  }
}

/** The same with the subject's AWS calls going through a counting proxy. */
export async function withCountedSubject<T>(
  places: Places,
  subject: Subject,
  use: (system: BenchSystem, proxy: CountingProxy) => Promise<T>,
): Promise<T> {
  let proxy: CountingProxy | undefined;
  const endpointFor = async (emulatorUrl: string): Promise<string> => {
    proxy = await startCountingProxy(emulatorUrl);
    return proxy.url;
  };
  const useCounted = (system: BenchSystem): Promise<T> => {
    if (!proxy) throw new Error('the system did not ask for its endpoint');
    return use(system, proxy);
  };
  try {
    return await withSubject(places, subject, useCounted, { endpointFor });
  } finally {
    await proxy?.dispose();
  }
}
