import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { GenericContainer, getContainerRuntimeClient, ImageName, Wait, type StartedNetwork } from 'testcontainers';
import { lastingPort } from './lasting-port.js';
import { SHORT_TIMINGS } from './short-timings.js';
import { testLabels } from './test-run.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PORT = 3000;
/** As in compose.yaml. */
const STOP_GRACE_SECONDS = 30;

type WorkerService = 'order-worker' | 'notification-worker';

/** What terminus makes of the checks. */
type HealthAnswer = { status: number; details: Record<string, unknown> };

export type WorkerContainer = {
  health(kind: 'live' | 'ready'): Promise<HealthAnswer>;
  /** What the image's own health check has found. */
  healthStatus(): Promise<string | undefined>;
  /** SIGTERM, and SIGKILL when the grace period is over. Resolves to the exit code. */
  stop(): Promise<number>;
  /** SIGKILL; resolves to the exit code. */
  kill(): Promise<number>;
  /** Starts it again. */
  start(): Promise<void>;
  /** What its first process has logged so far. */
  log(): string;
  dispose(): Promise<void>;
};

/**
 * Builds a service's image, and gives its name. Not with GenericContainer.fromDockerfile: that takes
 * no labels, by which an image that is left over is found.
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
    throw new Error(`The image of ${service} could not be built; with DEBUG=testcontainers:build it says why`);
  }
  return name;
}

export function buildWorkerImage(service: WorkerService): Promise<string> {
  return buildImage(service, 'Dockerfile.worker', { SERVICE: service });
}

/** Confined as in compose.yaml, also by what testcontainers has no methods for. */
export class ConfinedContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    Object.assign(this.hostConfig, { Init: true, ReadonlyRootfs: true, PidsLimit: 100 });
    this.withDroppedCapabilities('ALL').withSecurityOpt('no-new-privileges:true').withResourcesQuota({ memory: 0.25 });
  }
}

/** A worker's image as a container beside `localstack`, with short timings. */
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
