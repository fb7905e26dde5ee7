import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DockerComposeEnvironment } from 'testcontainers';
import type { ServiceName, System } from './system.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['compose.yaml', 'compose.test.yaml'];
/** In place of a developer's .env, whose values would win over the tests' timings. */
const NO_ENV_FILE = '/dev/null';
const PROJECT_PREFIX = 'orderflow-test-';

const run = promisify(execFile);

/** Container of a Compose project, as `docker compose ps --format json` has it. */
type ComposeContainer = { Service: ServiceName; ID: string; State: string; Health: string; ExitCode: number };

/** `docker compose` for one project. The variables must be those of `up`, or Compose would recreate containers. */
function composeCli(project: string, environment: Record<string, string>) {
  return async (...args: string[]): Promise<string> => {
    const { stdout } = await run(
      'docker',
      ['compose', '--env-file', NO_ENV_FILE, '-p', project, ...FILES.flatMap((file) => ['-f', file]), ...args],
      {
        cwd: root,
        env: { ...process.env, ...environment },
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return stdout;
  };
}

/** Builds the images and brings the system up under a project name of its own, on free ports, with short timings. */
export async function startComposeSystem(
  environment: Record<string, string> = {},
): Promise<System & { containers(): Promise<ComposeContainer[]> }> {
  const project = `${PROJECT_PREFIX}${randomUUID().slice(0, 8)}`;
  const compose = composeCli(project, environment);

  await new DockerComposeEnvironment(root, FILES)
    .withProjectName(project)
    .withEnvironment(environment)
    .withEnvironmentFile(NO_ENV_FILE)
    .withBuild()
    .withAutoCleanup(false)
    .withClientOptions({ commandOptions: ['--wait'] })
    .up();

  const urlOf = async (service: ServiceName, port: number): Promise<string> =>
    `http://${(await compose('port', service, String(port))).trim()}`;
  const containers = async (): Promise<ComposeContainer[]> => {
    const lines = (await compose('ps', '--all', '--format', 'json')).trim().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ComposeContainer);
  };

  return {
    stage: environment.STAGE ?? 'local',
    apiUrl: () => urlOf('api-gateway', 3000),
    awsEndpoint: () => urlOf('localstack', 4566),
    containers,
    kill: async (service) => {
      await compose('kill', '--signal', 'SIGKILL', service);
    },
    stop: async (...services) => {
      await compose('stop', ...services);
      return (await containers()).filter(({ Service }) => services.includes(Service)).map(({ ExitCode }) => ExitCode);
    },
    start: async (...services) => {
      await compose('up', '--detach', '--wait', '--no-recreate', ...services);
    },
    logs: (service) => compose('logs', '--no-color', '--no-log-prefix', service),
    dispose: async () => {
      await compose('down', '--volumes', '--timeout', '5');
    },
  };
}
