import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { resourceNames, type ResourceNames } from '@orderflow/contracts';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import { startEmbeddedSystem, type EmbeddedSystem } from '../../tests/support/embedded-system.js';
import { startEmptyEmulator, startLocalStackEmulator, type Emulator } from '../../tests/support/emulator.js';
import { mainsOf, type Subject } from './subjects.js';
import type { EmulatorKind } from './use-emulator.js';
import { emulatorClient } from '../../tools/local/environment.mjs';

/** An emulator with a stage that nobody has used yet. */
export type Place = { emulator: Emulator; stage: string; dispose: () => Promise<void> };

/** Where measurements take place: each has tables and queues of its own. */
export type Places = { fresh(): Promise<Place>; dispose(): Promise<void> };

/** A new MiniStack each time, which takes a second; LocalStack takes too long for that, so it is kept for all stages. */
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

/** How subjects are configured: as in production, with nothing simulated, and no limit on the one client that there is. */
const ENV = {
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  LOG_FORMAT: 'json',
  SQS_WAIT_TIME_SECONDS: '5',
  NOTIFY_ON_ORDER_OUTCOME: 'false',
  FULFILMENT_DELAY_MS: '0',
  RATE_LIMIT_MAX: '100000000',
  // The peers have no deadline: on a machine that is busy otherwise, ours would refuse what they are late with.
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
  /** For all services, besides what every subject gets. */
  env?: Record<string, string>;
  /** What the services take for the emulator, as a counting proxy. */
  endpointFor?: (emulatorUrl: string) => Promise<string>;
};

/** A subject in a place: one API, and order workers. Its emulator stays. */
export async function startSubjectIn(
  { emulator, stage }: Place,
  subject: Subject,
  { workers = 1, env = {}, endpointFor }: BenchSystemOptions = {},
): Promise<BenchSystem> {
  const mains = mainsOf(subject);
  const system = await startEmbeddedSystem({
    timings: {},
    env: { ...ENV, ...env, STAGE: stage },
    replicas: { 'order-worker': workers, 'notification-worker': 0 },
    emulator,
    build: false,
    ...(mains ? { mains } : {}),
    ...(endpointFor ? { endpointFor } : {}),
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
      // Nothing of it is used again: there is nothing to drain.
      await Promise.all((['api-gateway', 'order-worker'] as const).map((service) => system.kill(service)));
      await system.dispose();
    },
  };
}

/** A subject in a place of its own, that goes with it. */
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
