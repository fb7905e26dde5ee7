import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DockerComposeEnvironment } from 'testcontainers';
import { eventually } from '@orderflow/testing/eventually';
import { freePort } from '../../tools/local/ports.mjs';
import type { ServiceName, System } from './system.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['compose.yaml', 'compose.test.yaml'];
/** Replaces a developer's .env, which would override the tests' timings. */
const NO_ENV_FILE = '/dev/null';
const PROJECT_PREFIX = 'orderflow-test-';

const OBSERVER_PORTS = { jaeger: 16686, prometheus: 9090 };

/** Building images from nothing takes minutes. */
const ENDS_WITHIN_MS = 600_000;

const run = promisify(execFile);

/** The services of the profile `observability` whose images are available wherever tests run. */
type Observer = 'jaeger' | 'prometheus';

/** Container of a Compose project, as `docker compose ps --format json` has it. */
type ComposeContainer = {
  Service: ServiceName | 'topology' | 'identity-provider' | Observer;
  ID: string;
  State: string;
  Health: string;
  ExitCode: number;
};

/** A project on Compose, running or not. */
export type ComposeSystem = System & {
  containers(): Promise<ComposeContainer[]>;
  /** Starts it beside the system, and returns its base URL once it answers. */
  startObserver(observer: Observer): Promise<string>;
  /** Environment that makes `docker compose` use this project. */
  environment: Record<string, string>;
};

type ComposeOptions = {
  project: string;
  /** What the Compose files read. */
  variables?: Record<string, string>;
  /** Laid over the test's files. */
  overlays?: readonly string[];
};

/** A Compose project with this name, which may not exist yet. */
export function composeSystem({ project, variables = {}, overlays = [] }: ComposeOptions): ComposeSystem {
  const environment = {
    // Must equal those of `up`, or Compose would recreate containers.
    ...variables,
    COMPOSE_PROJECT_NAME: project,
    COMPOSE_FILE: [...FILES, ...overlays].join(':'),
    COMPOSE_PATH_SEPARATOR: ':',
    COMPOSE_ENV_FILES: NO_ENV_FILE,
  };
  const compose = async (...args: string[]): Promise<string> => {
    const limits = { timeout: ENDS_WITHIN_MS, maxBuffer: 64 * 1024 * 1024 };
    const options = { cwd: root, env: { ...process.env, ...environment }, ...limits };
    return (await run('docker', ['compose', ...args], options)).stdout;
  };
  const urlOf = async (service: ServiceName | Observer, port: number): Promise<string> =>
    `http://${(await compose('port', service, String(port))).trim()}`;
  const containers = async (): Promise<ComposeContainer[]> => {
    const lines = (await compose('ps', '--all', '--format', 'json')).trim().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ComposeContainer);
  };

  return {
    environment,
    stage: variables.STAGE ?? 'local',
    apiUrl: () => urlOf('api-gateway', 3000),
    awsEndpoint: () => urlOf('localstack', 4566),
    containers,
    startObserver: async (observer) => {
      await compose('up', '--detach', '--wait', '--no-recreate', '--no-deps', observer);
      const url = await urlOf(observer, OBSERVER_PORTS[observer]);
      // Its container runs before it listens.
      await eventually(async () => (await fetch(url)).ok, `${observer} answering`);
      return url;
    },
    kill: async (service) => {
      await compose('kill', '--signal', 'SIGKILL', service);
    },
    stop: async (...services) => {
      await compose('stop', ...services);
      return (await containers())
        .filter(({ Service }) => (services as string[]).includes(Service))
        .map(({ ExitCode }) => ExitCode);
    },
    start: async (...services) => {
      await compose('up', '--detach', '--wait', '--no-recreate', ...services);
    },
    logs: (service) => compose('logs', '--no-color', '--no-log-prefix', service),
    dispose: async () => {
      await compose('--profile', '*', 'down', '--volumes', '--rmi', 'local', '--timeout', '5');
    },
  };
}

/** Settings for a system with access tokens and the provider of the profile auth. */
export async function authVariables(): Promise<Record<string, string>> {
  return { AUTH_MODE: 'jwt', COMPOSE_PROFILES: 'auth', IDENTITY_PORT: String(await freePort()) };
}

/** Builds the images and starts the system as a separate project, on free ports, with short timings. */
export async function startComposeSystem(given: Record<string, string> = {}): Promise<ComposeSystem> {
  const project = `${PROJECT_PREFIX}${randomUUID().slice(0, 8)}`;
  // A developer's shell may set another format.
  const variables = { LOG_FORMAT: 'json', ...given };
  await new DockerComposeEnvironment(root, FILES)
    .withProjectName(project)
    .withEnvironment(variables)
    .withEnvironmentFile(NO_ENV_FILE)
    .withBuild()
    .withAutoCleanup(false)
    .withClientOptions({ commandOptions: ['--wait'] })
    .up();
  return composeSystem({ project, variables });
}
