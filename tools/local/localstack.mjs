/** LocalStack in a container, as the emulator. Once it is healthy, its topology is deployed. */
import { dockerProblem, runDocker } from './docker.mjs';
import { LocalError } from './fail.mjs';

/** Includes the first pull of a 1 GB image. */
const STARTS_WITHIN_MS = 900_000;
const STOPS_WITHIN_MS = 60_000;

/** @typedef {{ root: string, project: string, say: (text: string) => void }} Place the Compose project is the run folder's */

export function checkDocker() {
  const problem = dockerProblem();
  if (!problem) return;
  throw new LocalError(
    `LocalStack cannot be started: ${problem}.`,
    'Try: docker info. Or use the embedded emulator: npm run local',
  );
}

/**
 * After a failure, `stopLocalStack` removes the rest.
 * @param {Place} place @param {number} port @param {{ signal?: AbortSignal | undefined }} [options]
 */
export async function startLocalStack({ root, project, say }, port, { signal } = {}) {
  const options = { cwd: root, env: { LOCALSTACK_PORT: String(port) }, withinMs: STARTS_WITHIN_MS, say, signal };
  // The service `topology` applies the settings. Compose would not wait for its end.
  for (const command of [
    ['up', '--detach', 'topology'],
    ['up', '--wait', 'localstack'],
  ]) {
    const { code, stderr } = await runDocker(['compose', '-p', project, ...command], options);
    if (code !== 0) {
      throw new LocalError(
        `LocalStack did not start:\n${stderr.trim().split('\n').slice(-8).join('\n')}`,
        `Is Docker running? Try: docker info. The container's own reason: docker compose -p ${project} logs localstack`,
      );
    }
  }
}

/** @param {Place} place */
export async function stopLocalStack({ root, project, say }) {
  const command = ['compose', '-p', project, 'down', '--volumes'];
  const { code } = await runDocker(command, { cwd: root, withinMs: STOPS_WITHIN_MS, say });
  if (code !== 0) say(`LocalStack's container could not be removed. To do so: docker ${command.join(' ')}`);
}
