import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { GenericContainer, getContainerRuntimeClient, ImageName, Wait, type StartedNetwork } from 'testcontainers';
import type { Service } from '../../tools/local/embedded.mjs';
import { lastingPort } from './lasting-port.js';
import { SHORT_TIMINGS } from './short-timings.js';
import { testLabels } from './test-run.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PORT = 3000;
/** As in compose.yaml. */
const STOP_GRACE_SECONDS = 30;

type WorkerService = Exclude<Service, 'api-gateway'>;

/** The answer of @godaddy/terminus. */
type HealthAnswer = { status: number; details: Record<string, unknown> };

export type WorkerContainer = {
  health(kind: 'live' | 'ready'): Promise<HealthAnswer>;
  /** The result of the image's health check. */
  healthStatus(): Promise<string | undefined>;
  /** SIGTERM, then SIGKILL after the grace period. Resolves to the exit code. */
  stop(): Promise<number>;
  /** SIGKILL; resolves to the exit code. */
  kill(): Promise<number>;
  /** Starts it again. */
  start(): Promise<void>;
  /** The log of its first process. */
  log(): string;
  dispose(): Promise<void>;
};

/**
 * Builds a service's image and returns its name. GenericContainer.fromDockerfile sets no labels, which are needed to
 * find leftover images.
 */
export async function buildImage(
  service: string,
  dockerfile: string,
  buildargs: Record<string, string> = {},
): Promise<string> {
  const name = `orderflow-test-${randomUUID().slice(0, 8)}-${service}`;
  const { image } = await getContainerRuntimeClient();
  await image.build(root, {
    t: name,
    dockerfile,
    buildargs,
    labels: testLabels(),
    version: '2',
  });
  if (!(await image.exists(ImageName.fromString(name)))) {
    throw new Error(`The image of ${service} could not be built. DEBUG=testcontainers:build shows why.`);
  }
  return name;
}

export function buildWorkerImage(service: WorkerService): Promise<string> {
  return buildImage(service, 'Dockerfile.worker', { SERVICE: service });
}

/** Files and links below /app that serve tests only. */
export function testFilesIn(image: string): string[] {
  const find = ['run', '--rm', '--network', 'none', '--entrypoint', 'find', image, '/app', '-not', '-type', 'd'];
  const files = execFileSync('docker', find, { encoding: 'utf8', maxBuffer: 16 * 1_048_576 }).split('\n');
  if (!files.some((file) => file.endsWith('/dist/main.js'))) throw new Error(`${image} contains no service`);
  const isOurs = (file: string) => !file.includes('/node_modules/') || file.includes('/node_modules/@orderflow/');
  return files.filter(
    (file) => file.includes('/node_modules/fast-check/') || (isOurs(file) && /\/testing(\/|$)|\.test\./.test(file)),
  );
}

/** Confined as in compose.yaml, including settings that testcontainers has no methods for. */
export class ConfinedContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    Object.assign(this.hostConfig, { Init: true, ReadonlyRootfs: true, PidsLimit: 100 });
    this.withDroppedCapabilities('ALL').withSecurityOpt('no-new-privileges:true').withResourcesQuota({ memory: 0.25 });
  }
}

/** Starts a worker beside `localstack`, with short timings. */
export async function startWorkerContainer(
  image: string,
  network: StartedNetwork,
  environment: Record<string, string>,
): Promise<WorkerContainer> {
  const log: string[] = [];
  const port = await lastingPort();
  const started = await new ConfinedContainer(image)
    .withLabels(testLabels())
    .withNetwork(network)
    .withEnvironment({
      ...SHORT_TIMINGS,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: 'http://localstack:4566',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...environment,
    })
    .withExposedPorts({ container: PORT, host: port })
    .withWaitStrategy(Wait.forHttp('/health/live', PORT))
    .withLogConsumer((stream) => stream.on('data', (line) => log.push(String(line))))
    .start();
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(started.getId());
  const exitCode = async () => (await container.inspect()).State.ExitCode;

  return {
    health: async (kind) => {
      const response = await fetch(`http://${started.getHost()}:${port}/health/${kind}`);
      const { details } = (await response.json()) as Pick<HealthAnswer, 'details'>;
      return { status: response.status, details };
    },
    healthStatus: async () => (await container.inspect()).State.Health?.Status,
    stop: async () => {
      await container.stop({ t: STOP_GRACE_SECONDS });
      return exitCode();
    },
    kill: async () => {
      await container.kill();
      await container.wait();
      return exitCode();
    },
    start: async () => {
      await container.start();
    },
    log: () => log.join(''),
    dispose: async () => {
      await container.remove({ force: true, v: true });
    },
  };
}
