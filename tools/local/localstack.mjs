/** LocalStack in a container of its own, as the emulator. Its topology is deployed when it is healthy. */
import { spawnSync } from 'node:child_process';
import { forDocker } from './environment.mjs';
import { LocalError } from './fail.mjs';

/**
 * @param {string} root
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function compose(root, args, env) {
  return spawnSync('docker', ['compose', '-p', 'orderflow-local', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...forDocker(process.env), ...env },
  });
}

/**
 * What is there of it after a failure, `stopLocalStack` removes.
 * @param {string} root
 * @param {number} port
 */
export function startLocalStack(root, port) {
  const { error, status, stderr } = compose(root, ['up', '--wait', 'localstack'], { LOCALSTACK_PORT: String(port) });
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
export function stopLocalStack(root) {
  compose(root, ['down', '--volumes']);
}
