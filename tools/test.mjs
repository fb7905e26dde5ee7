/**
 * Runs every test that this machine can run, and ends by naming what it left out and why. With CI set nothing may be
 * left out. Arguments go to Jest: `npm test -- --selectProjects unit`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installDependencies } from './local/requirements.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const NEEDS_DOCKER = ['integration', 'e2e'];
const given = process.argv.slice(2);

function dockerProblem() {
  const engine = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' });
  if (engine.error) return 'docker is not installed';
  if (engine.status !== 0) return 'no Docker engine answers (docker info fails)';
  if (spawnSync('docker', ['compose', 'version']).status !== 0) return 'docker has no Compose v2 plugin';
  return undefined;
}

/** testcontainers starts a reaper beside the tests, from an image that not every machine can have. */
function hasReaper() {
  return spawnSync('docker', ['image', 'inspect', 'testcontainers/ryuk:0.14.0']).status === 0;
}

installDependencies(root);
const problem = dockerProblem();
const selected = given.includes('--selectProjects');
const projects = problem === undefined || selected ? [] : ['--selectProjects', 'unit'];
if (problem !== undefined && process.env.CI) {
  console.error(`Nothing may be left out when CI is set, but ${problem}.`);
  process.exit(1);
}

const { status } = spawnSync(process.execPath, ['node_modules/jest/bin/jest.js', ...projects, ...given], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --no-warnings`,
    // Published ports are on the loopback address, also where this machine is itself a container.
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
    ...(problem === undefined && !hasReaper() ? { TESTCONTAINERS_RYUK_DISABLED: 'true' } : {}),
  },
});
if (problem !== undefined && !selected) {
  console.log(`\nLeft out: ${NEEDS_DOCKER.join(', ')} tests, because ${problem}. Start Docker and run npm test again.`);
}
process.exit(status ?? 1);
