/** LocalStack in a container of its own, as the emulator. Its topology is deployed when it is healthy. */
import { forDocker } from './environment.mjs';
import { LocalError } from './fail.mjs';
import { runToEnd } from './run-to-end.mjs';

/**
 * @param {string} root
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined }} [options]
 */
function compose(root, args, { env, signal } = {}) {
  return runToEnd('docker', ['compose', '-p', 'orderflow-local', ...args], {
    cwd: root,
    env: { ...forDocker(process.env), ...env },
    signal,
  });
}

/**
 * What is there of it after a failure, `stopLocalStack` removes.
 * @param {string} root
 * @param {number} port
 * @param {{ signal?: AbortSignal | undefined }} [options]
 */
export async function startLocalStack(root, port, { signal } = {}) {
  const env = { LOCALSTACK_PORT: String(port) };
  const { error, status, stderr } = await compose(root, ['up', '--wait', 'localstack'], { env, signal });
  if (error) {
    throw new LocalError(
      'Docker, which LocalStack runs in, is not installed, or not in PATH.',
      'Install it, or use the embedded emulator: npm run local',
    );
  }
  if (status !== 0) {
    throw new LocalError(
      `LocalStack did not start:\n${stderr.trim().split('\n').slice(-8).join('\n')}`,
      "Is Docker running? Try: docker info. The container's own reason: docker compose -p orderflow-local logs localstack",
    );
  }
}

/** @param {string} root */
export async function stopLocalStack(root) {
  await compose(root, ['down', '--volumes']);
}
