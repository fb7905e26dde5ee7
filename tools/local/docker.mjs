/** Docker commands with a deadline, because a DOCKER_HOST may never answer, and LocalStack in a container. */
import { spawnSync } from 'node:child_process';
import { forDocker } from './environment.mjs';
import { LocalError } from './fail.mjs';
import { runToEnd } from './run-to-end.mjs';
import { say } from './steps.mjs';

const DOCKER_ANSWERS_WITHIN_MS = 10_000;
/** Includes the first pull of a 1 GB image. */
const STARTS_WITHIN_MS = 900_000;
const STOPS_WITHIN_MS = 60_000;

/** @param {string[]} args @param {number} ms */
function noAnswer(args, ms) {
  const where = process.env['DOCKER_HOST'] ? `, DOCKER_HOST=${process.env['DOCKER_HOST']}` : '';
  return `no answer from Docker within ${ms / 1_000} s (docker ${args.join(' ')}${where})`;
}

/**
 * Runs a read-only command.
 * @param {string[]} args @param {number} [withinMs]
 * @returns {{ status: number | null, stdout: string, isMissing: boolean, problem: string | undefined }} `problem` when
 * there was no answer at all
 */
export function askDocker(args, withinMs = DOCKER_ANSWERS_WITHIN_MS) {
  const limits = { timeout: withinMs, killSignal: /** @type {const} */ ('SIGKILL') };
  const answer = spawnSync('docker', args, { encoding: 'utf8', env: forDocker(process.env), ...limits });
  const { code } = /** @type {NodeJS.ErrnoException} */ (answer.error ?? {});
  const hangs = code === 'ETIMEDOUT' ? noAnswer(args, withinMs) : undefined;
  const isMissing = answer.error !== undefined && !hangs;
  const problem = isMissing ? 'Docker is not installed, or not in PATH' : hangs;
  return { status: answer.status, stdout: answer.stdout ?? '', isMissing, problem };
}

/** Why containers cannot run here; undefined if they can. */
export function dockerProblem() {
  const engine = askDocker(['info', '--format', '{{.ServerVersion}}']);
  if (engine.problem) return engine.problem;
  // Some versions exit with 0 without an engine.
  if (engine.status !== 0 || engine.stdout.trim() === '') return 'no Docker engine answers; start Docker';
  if (askDocker(['compose', 'version']).status !== 0) return 'Docker has no Compose v2 plugin; install it';
  return undefined;
}

/** Variables for testcontainers. */
export function testcontainersEnv() {
  // The image of its reaper is not available everywhere. Without it, test-run.mjs removes leftovers.
  const hasReaper = askDocker(['image', 'inspect', 'testcontainers/ryuk:0.14.0']).status === 0;
  return {
    // Ports are published on loopback, even if this machine is a container.
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
    ...(hasReaper ? {} : { TESTCONTAINERS_RYUK_DISABLED: 'true' }),
  };
}

/**
 * Runs a command that may take minutes, such as a pull. It is killed at the deadline.
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, withinMs: number, signal?: AbortSignal | undefined }} options
 */
export async function runDocker(args, { env, ...options }) {
  const all = { ...options, env: { ...forDocker(process.env), ...env } };
  const { status, stderr, error, isLate } = await runToEnd('docker', args, all);
  const why = error ? String(error) : isLate ? noAnswer(args, options.withinMs) : '';
  return { code: status ?? 1, stderr: `${stderr}\n${why}`.trim() };
}

export function checkDocker() {
  const problem = dockerProblem();
  if (!problem) return;
  throw new LocalError(
    `LocalStack cannot be started: ${problem}.`,
    'Try: docker info. Or use the embedded emulator: npm run local',
  );
}

/**
 * Starts LocalStack and waits until its topology is deployed. After a failure, `stopLocalStack` removes the rest.
 * @param {import('./local-run.mjs').RunFolder} folder @param {number} port @param {AbortSignal} signal
 */
export async function startLocalStack({ root, project }, port, signal) {
  const options = { cwd: root, env: { LOCALSTACK_PORT: String(port) }, withinMs: STARTS_WITHIN_MS, signal };
  // The service `topology` applies the settings. Compose would not wait for its end.
  for (const command of [
    ['up', '--detach', 'topology'],
    ['up', '--wait', 'localstack'],
  ]) {
    const { code, stderr } = await runDocker(['compose', '-p', project, ...command], options);
    if (code !== 0) {
      throw new LocalError(
        `LocalStack did not start:\n${stderr.split('\n').slice(-8).join('\n')}`,
        `Is Docker running? Try: docker info. The container's own reason: docker compose -p ${project} logs localstack`,
      );
    }
  }
}

/** @param {import('./local-run.mjs').RunFolder} folder */
export async function stopLocalStack({ root, project }) {
  const command = ['compose', '-p', project, 'down', '--volumes'];
  const { code } = await runDocker(command, { cwd: root, withinMs: STOPS_WITHIN_MS });
  if (code !== 0) say(`LocalStack's container could not be removed. To do so: docker ${command.join(' ')}`);
}
