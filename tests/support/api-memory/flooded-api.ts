import { fileURLToPath } from 'node:url';
import { GenericContainer, getContainerRuntimeClient, Wait, type StartedNetwork } from 'testcontainers';
import { testLabels } from '../test-run.mjs';
import { ConfinedContainer } from '../worker-container.js';

const scripts = fileURLToPath(new URL('.', import.meta.url));
const PORT = 3000;
/** The API's name in Compose. */
const API_HOST = 'api-gateway';

export type FloodedApi = {
  url: string;
  /** Bytes that count against the container's limit and cannot be reclaimed. */
  memory(): Promise<number>;
  state(): Promise<{ running: boolean; outOfMemory: boolean }>;
  /** Opens streams and lists, and more lists each second, without reading them. */
  flood(streams: number, readers: number, readersPerSecond: number): Promise<void>;
  dispose(): Promise<void>;
};

/** Runs a script of this folder in the API's image, so that no other image is needed. */
function scriptContainer(image: string, network: StartedNetwork, script: string, ...args: string[]): GenericContainer {
  return new GenericContainer(image)
    .withLabels(testLabels())
    .withNetwork(network)
    .withBindMounts([{ source: scripts, target: '/scripts', mode: 'ro' }])
    .withCommand(['node', `/scripts/${script}`, ...args]);
}

/** The API in a container of 256 MB, with a fast AWS stub. */
export async function startFloodedApi(
  image: string,
  network: StartedNetwork,
  environment: Record<string, string>,
): Promise<FloodedApi> {
  const aws = await scriptContainer(image, network, 'aws-stub.mjs')
    .withNetworkAliases('aws')
    .withExposedPorts(4566)
    .withWaitStrategy(Wait.forHttp('/large-orders', 4566))
    .start();
  const started = await new ConfinedContainer(image)
    .withLabels(testLabels())
    .withNetwork(network)
    .withNetworkAliases(API_HOST)
    .withEnvironment({
      ...{ LOG_FORMAT: 'json', LOG_LEVEL: 'warn', PUBLISHED_ON_LOOPBACK: 'true' },
      ...{ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'http://aws:4566' },
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
      ...environment,
    })
    .withExposedPorts(PORT)
    .withWaitStrategy(Wait.forHttp('/health/live', PORT))
    .start();
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(started.getId());
  const containers = [aws.getId(), started.getId()];

  return {
    url: `http://${started.getHost()}:${started.getMappedPort(PORT)}`,
    memory: async () => {
      const { memory_stats: memory } = await container.stats({ stream: false, 'one-shot': true });
      return memory.usage - memory.stats.inactive_file;
    },
    state: async () => {
      const { State: state } = await container.inspect();
      return { running: state.Running, outOfMemory: state.OOMKilled };
    },
    flood: async (...numbers) => {
      const args = [API_HOST, ...numbers.map(String)];
      const clients = await scriptContainer(image, network, 'slow-clients.mjs', ...args)
        .withWaitStrategy(Wait.forLogMessage('asked'))
        .start();
      containers.unshift(clients.getId());
    },
    dispose: async () => {
      for (const id of containers) await client.container.getById(id).remove({ force: true, v: true });
    },
  };
}
