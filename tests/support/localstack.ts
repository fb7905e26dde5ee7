import { fileURLToPath } from 'node:url';
import { LocalstackContainer } from '@testcontainers/localstack';
import { Wait, type StartedNetwork } from 'testcontainers';
import { testLabels } from './test-run.mjs';
import { emulatorClient, LOCALSTACK_CREDENTIALS } from '../../tools/local/environment.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** As in compose.yaml. */
export const LOCALSTACK_IMAGE = 'localstack/localstack:4.14.0';
const ENVIRONMENT = {
  SERVICES: 'cloudformation,dynamodb,events,iam,sqs',
  EAGER_SERVICE_LOADING: '1',
  DYNAMODB_IN_MEMORY: '1',
  LS_LOG: 'warn',
  SKIP_SSL_CERT_DOWNLOAD: '1',
  DISABLE_EVENTS: '1',
  DNS_ADDRESS: '0',
};

type Options = {
  /** What the hook reads, besides LocalStack's own variables. */
  environment?: Record<string, string>;
  /** Additional files of the container: text by path. */
  files?: Record<string, string>;
  /** The network in which it is http://localstack:4566. */
  network?: StartedNetwork;
};

export type LocalStack = {
  /** Configuration for any AWS client. */
  aws: ReturnType<typeof emulatorClient>;
  /** Runs the hook again. */
  runHook(environment?: Record<string, string>): Promise<{ exitCode: number; output: string }>;
  /** The container's, for Docker. */
  id: string;
  dispose(): Promise<void>;
};

/** LocalStack's image with the settings of compose.yaml, and no hook. */
export function createLocalStackContainer(): LocalstackContainer {
  return new LocalstackContainer(LOCALSTACK_IMAGE).withLabels(testLabels()).withEnvironment(ENVIRONMENT);
}

/**
 * LocalStack with the project's own hook, template and health check.
 * @throws with LocalStack's log when it does not become healthy
 */
export async function startLocalStack({ environment = {}, files = {}, network }: Options = {}): Promise<LocalStack> {
  const log: string[] = [];
  const blank = createLocalStackContainer();
  const container = await (network ? blank.withNetwork(network).withNetworkAliases('localstack') : blank)
    .withEnvironment(environment)
    .withBindMounts([
      { source: `${root}localstack-init`, target: '/etc/localstack/init', mode: 'ro' },
      { source: `${root}infrastructure`, target: '/etc/localstack/infrastructure', mode: 'ro' },
    ])
    .withCopyContentToContainer(Object.entries(files).map(([target, content]) => ({ target, content })))
    .withHealthCheck({
      test: ['CMD', 'sh', '/etc/localstack/init/healthcheck.sh'],
      startPeriod: 90_000,
      interval: 500,
      timeout: 5_000,
      retries: 3,
    })
    .withWaitStrategy(Wait.forHealthCheck())
    .withLogConsumer((stream) => stream.on('data', (line) => log.push(String(line))))
    .start()
    .catch((cause: unknown) => {
      throw new Error(`LocalStack is not healthy:\n${log.join('')}`, { cause });
    });

  return {
    aws: emulatorClient(container.getConnectionUri(), LOCALSTACK_CREDENTIALS),
    runHook: (env = {}) => container.exec(['.venv/bin/python', '/etc/localstack/init/ready.d/10-deploy.py'], { env }),
    id: container.getId(),
    dispose: async () => {
      await container.stop();
    },
  };
}
