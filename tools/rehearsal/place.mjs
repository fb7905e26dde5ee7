/** Starts what the rehearsal needs, and stops all of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerProblem } from '../local/docker.mjs';
import { createCredentials, forDocker, ofTheMachine } from '../local/environment.mjs';
import { startIn, untilHealthy } from '../local/embedded.mjs';
import { LocalError } from '../local/fail.mjs';
import { poll } from '../local/patience.mjs';
import { runToEnd } from '../local/run-to-end.mjs';

const STAGE_LABEL = 'com.amazonaws.ecs.cluster';
const ENDS_WITHIN_MS = 120_000;
const HEALTHY_WITHIN_MS = 120_000;
/** The host name that clients use. It never resolves: https://www.rfc-editor.org/rfc/rfc6761#section-6.2 */
export const HOST_NAME = 'orders.rehearsal.test';

/** @typedef {ReturnType<typeof createPlace>} Place */

/** @param {string} address */
function isOfThisMachine(address) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, address, () => server.close(() => resolve(true)));
  });
}

/** The address of Docker's bridge network on this machine. The emulator and the containers reach each other there. */
export async function findBridge() {
  const problem = dockerProblem();
  if (problem) throw new LocalError(`The rehearsal needs Docker: ${problem}.`, 'Try: docker info');
  const address = await docker(['network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}']);
  if (await isOfThisMachine(address)) return address;
  throw new LocalError(
    `Docker's bridge network, ${address}, is not on this machine, so tasks and emulator cannot reach each other.`,
    'Run it on Linux with Docker Engine on the same machine; Docker Desktop keeps its network in a virtual machine.',
  );
}

/** @param {string[]} args @param {AbortSignal} [signal] */
export async function docker(args, signal) {
  const options = { env: forDocker(process.env), withinMs: ENDS_WITHIN_MS, signal };
  const { status, stdout, stderr } = await runToEnd('docker', args, options);
  if (status === 0) return stdout.trim();
  throw new LocalError(`docker ${args.join(' ')} failed:\n${stderr.trim()}`, 'Try: docker info');
}

/** @param {string} root @param {AbortSignal} signal */
export function createPlace(root, signal) {
  const credentials = createCredentials();
  const id = credentials.accessKeyId.slice(-6).toLowerCase();
  const stage = `rehearsal-${id}`;
  const logDir = `${mkdtempSync(join(tmpdir(), 'orderflow-rehearsal-'))}/`;
  /** @type {(() => unknown)[]} */
  const ends = [];
  return {
    ...{ root, signal, credentials, stage, logDir },
    /** Nothing listens there: MiniStack's pull fails at once, and it uses the engine's local image. */
    image: (/** @type {string} */ service, /** @type {string} */ version) =>
      `127.0.0.1:1/${stage}/${service}:${version}`,
    /** Registers a clean-up step. They run in reverse order. @param {() => unknown} end */
    atEnd: (end) => void ends.push(end),
    async end() {
      for (const end of ends.reverse()) {
        try {
          await end();
        } catch (error) {
          process.stderr.write(`${/** @type {Error} */ (error).message}\n`);
        }
      }
      rmSync(logDir, { recursive: true, force: true });
    },
  };
}

/** @param {string} stage */
const ofStage = (stage) => `label=${STAGE_LABEL}=arn:aws:ecs:us-east-1:000000000000:cluster/${stage}-orderflow`;

/**
 * Waits until the health checks of the images pass. MiniStack counts a task as running before that.
 * @param {Place} place
 */
export async function untilTasksHealthy({ stage, signal }) {
  const list = ['ps', '--filter', ofStage(stage), '--format', '{{.Names}} {{.Status}}'];
  const isHealthy = async () => {
    const tasks = (await docker(list, signal)).split('\n');
    return tasks.every((task) => task.endsWith('(healthy)'));
  };
  if (await poll(isHealthy, HEALTHY_WITHIN_MS, { everyMs: 1_000, signal })) return;
  throw new LocalError(`Tasks are not healthy:\n${await docker(list)}`, 'see the logs.');
}

/** Removes the containers of all tasks of the stage. @param {string} stage */
async function removeTasks(stage) {
  const ids = (await docker(['ps', '--all', '--quiet', '--filter', ofStage(stage)])).split('\n');
  if (ids[0]) await docker(['rm', '--force', '--volumes', ...ids]);
}

/**
 * MiniStack with the Docker socket, behind its guard.
 * @param {Place} place @param {{ python: string, address: string, port: number, stopSeconds: number }} options
 * @returns {Promise<string>} URL
 */
export async function startEmulator(place, { python, address, port, stopSeconds }) {
  const { root, logDir, credentials, stage } = place;
  const env = {
    ...ofTheMachine(process.env),
    ...(process.env['DOCKER_HOST'] ? { DOCKER_HOST: process.env['DOCKER_HOST'] } : {}),
    ...{ EMULATOR_ACCESS_KEY_ID: credentials.accessKeyId, GATEWAY_PORT: String(port), LOG_LEVEL: 'WARNING' },
    ...{ BRIDGE_ADDRESS: address, LOAD_BALANCER_HOST: HOST_NAME, STOP_SECONDS: String(stopSeconds) },
  };
  const args = ['-I', '-B', '-u', `${root}tools/rehearsal/emulator.py`];
  place.atEnd(() => removeTasks(stage));
  const child = startIn({ root, logDir }, { name: 'emulator', command: python, args, env });
  place.atEnd(() => child.stop());
  const url = `http://${address}:${port}`;
  await untilHealthy(`${url}/_ministack/health`, child);
  return url;
}
