/**
 * Runs every test that this machine can run, and ends by naming what it left out and why. With CI set nothing may be
 * left out. Arguments go to Jest: `npm test -- --selectProjects unit`. `--parity` runs the
 * conformance suite and writes the parity tables in docs/ again.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findChromium } from './local/chromium.mjs';
import { dockerProblem, testcontainersEnv } from './local/docker.mjs';
import { forTests } from './local/environment.mjs';
import { findPython, installDependencies } from './local/requirements.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const writesParity = process.argv.includes('--parity');
const given = process.argv.slice(2).filter((argument) => argument !== '--parity');
if (writesParity) given.push('--selectProjects', 'integration', '--testPathPatterns', 'conformance');

/** @type {Record<string, string>} what is left out, by the reason */
const leftOut = {};
/** @type {string[]} */
const options = [];
const withoutDocker = dockerProblem();
const withoutPython = await findPython().then(
  () => undefined,
  ({ message, fix }) => `${message} ${fix}`,
);
if (withoutDocker) {
  leftOut[withoutDocker] =
    'the system on Compose (tests/e2e), the scenarios, the images of the API and of a worker, the hook and the guard in LocalStack and its health check, the rules of Prometheus, LocalStack in the conformance suite';
  options.push(
    ...['--testPathIgnorePatterns', 'tests/e2e/', 'scenarios/'],
    ...['api-memory', 'worker-image', 'localstack-', 'integration/healthcheck', 'prometheus-rules'],
  );
}
if (withoutPython) {
  leftOut[withoutPython] =
    'all tests on emulators (tests/integration), the scenarios, the live page in a browser (tests/page)';
  options.push('--testPathIgnorePatterns', 'tests/integration/', 'scenarios/', 'tests/page/');
}
if (findChromium() === undefined) {
  leftOut['no Chromium is in PATH, nor at CHROMIUM_PATH'] = 'the live page in a browser (tests/page)';
  options.push('--testPathIgnorePatterns', 'tests/page/');
}
if (process.env.CI && Object.keys(leftOut).length > 0) {
  process.stderr.write(`With CI set nothing may be left out, but: ${Object.keys(leftOut).join('; ')}\n`);
  process.exit(1);
}

process.stdout.write(`dependencies: ${await installDependencies(root)}\n`);
const jest = [`${root}node_modules/jest/bin/jest.js`, ...given, ...options];
const { status } = spawnSync(process.execPath, jest, {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...forTests(process.env),
    ...(writesParity ? { WRITE_PARITY: '1' } : {}),
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --no-warnings`,
    ...(withoutDocker ? {} : testcontainersEnv()),
  },
});
for (const [reason, what] of Object.entries(leftOut)) process.stdout.write(`\nLeft out: ${what}.\nReason: ${reason}\n`);
process.exit(status ?? 1);
