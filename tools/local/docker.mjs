/** Docker commands with a deadline: a DOCKER_HOST may never answer. */
import { spawnSync } from 'node:child_process';
import { forDocker } from './environment.mjs';
import { runToEnd } from './run-to-end.mjs';

const DOCKER_ANSWERS_WITHIN_MS = 10_000;
const REMIND_EVERY_MS = 15_000;

/** @param {string} command @param {number} ms */
function noAnswer(command, ms) {
  const where = process.env['DOCKER_HOST'] ? `, DOCKER_HOST=${process.env['DOCKER_HOST']}` : '';
  return `no answer from Docker within ${ms / 1_000} s (${command}${where})`;
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
  const hangs = code === 'ETIMEDOUT' ? noAnswer(`docker ${args.join(' ')}`, withinMs) : undefined;
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

/**
 * Runs a command that may take minutes, such as a pull. It is killed at the deadline.
 * @param {string[]} args
 * @param {{
 * cwd: string, env?: NodeJS.ProcessEnv, withinMs: number, say: (text: string) => void, signal?: AbortSignal | undefined,
 * }} options `say` is told what is being waited for; `signal` ends the command
 * @returns {Promise<{ code: number, stderr: string }>} once it has ended
 */
export async function runDocker(args, { cwd, env, withinMs, say, signal }) {
  const command = `docker ${args.join(' ')}`;
  const startedAt = performance.now();
  const reminder = setInterval(() => {
    say(`  still waiting for: ${command} (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
  }, REMIND_EVERY_MS);
  try {
    const options = { cwd, env: { ...forDocker(process.env), ...env }, withinMs, signal };
    const { status, stderr, error, isLate } = await runToEnd('docker', args, options);
    const why = error ? String(error) : isLate ? noAnswer(command, withinMs) : '';
    return { code: status ?? 1, stderr: `${stderr}\n${why}`.trim() };
  } finally {
    clearInterval(reminder);
  }
}
