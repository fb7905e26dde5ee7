import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { resourceNames, type ResourceNames } from '@orderflow/contracts';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import { startEmbeddedSystem, type EmbeddedSystem } from '../../tests/support/embedded-system.js';
import { startEmptyEmulator, startLocalStackEmulator, type Emulator } from '../../tests/support/emulator.js';
import { mainsOf, type Subject } from './subjects.js';
import type { EmulatorKind } from './use-emulator.js';
import { emulatorClient } from '../../tools/local/environment.mjs';

/** An emulator with an unused stage. */
export type Place = { emulator: Emulator; stage: string; dispose: () => Promise<void> };

/** Each measurement gets separate tables and queues. */
export type Places = { fresh(): Promise<Place>; dispose(): Promise<void> };

/** A new MiniStack each time (one second). LocalStack starts too slowly, so all stages share it. */
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

/** Production settings, without simulated delays, and without a rate limit for the only client. */
const ENV = {
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  LOG_FORMAT: 'json',
  SQS_WAIT_TIME_SECONDS: '5',
  NOTIFY_ON_ORDER_OUTCOME: 'false',
  FULFILMENT_DELAY_MS: '0',
  RATE_LIMIT_MAX: '100000000',
  // The peers have no deadline. On a busy machine ours would otherwise refuse what they only delay.
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
  /** Additional settings for all services. */
  env?: Record<string, string>;
  /** The endpoint for the services, for example a counting proxy. */
  endpointFor?: (emulatorUrl: string) => Promise<string>;
};

/** A subject in a place: one API and order workers. Disposing keeps the emulator. */
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
      // Nothing is used again, so there is nothing to drain.
      await Promise.all((['api-gateway', 'order-worker'] as const).map((service) => system.kill(service)));
      await system.dispose();
    },
  };
}

/** A subject in a new place. Disposing removes both. */
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
