/** Checks of the machine. */
import { totalmem } from 'node:os';
import { stateOfDependencies } from '../local/dependencies.mjs';
import { askPythons, choosePython, isAtLeast, MIN_NODE } from '../local/requirements.mjs';
import { ask } from '../local/ask.mjs';
import { fail, ok, warn } from './check.mjs';

/** The limits in compose.yaml add up to 3 GiB, and the machine needs memory, too. */
const MIN_MEMORY_GIB = 4;

/** @param {string} check @param {string} version @param {number[]} minimum @param {string} fix */
export function checkVersion(check, version, minimum, fix) {
  return isAtLeast(version, minimum)
    ? ok(check, version)
    : fail(check, `${version}, which is older than ${minimum.join('.')}`, fix);
}

/** @param {string} version */
export function checkNodeVersion(version) {
  const fix = 'nvm install   (the version in .nvmrc; or from https://nodejs.org)';
  return checkVersion('Node.js', version, MIN_NODE, fix);
}

/** @param {import('../local/ask.mjs').Answer} answer */
export function checkNpm({ status, stdout, reason }) {
  return status === 'ok' ? ok('npm', stdout) : fail('npm', reason, 'nvm install   (npm comes with Node.js)');
}

/** @param {import('../local/ask.mjs').Answer[]} answers of `askPythons` */
export function checkPython(answers) {
  const python = choosePython(answers);
  return 'problem' in python
    ? warn('Python', `${python.problem}; npm run local needs it`, python.fix)
    : ok('Python', `${python.version} with venv`);
}

/** @param {string} check @param {number} bytes @param {string} fix */
export function checkMemory(check, bytes, fix) {
  const gib = bytes / 1024 ** 3;
  const found = `${gib.toFixed(1)} GiB`;
  return gib >= MIN_MEMORY_GIB ? ok(check, found) : warn(check, `${found}, less than ${MIN_MEMORY_GIB} GiB`, fix);
}

/** @param {string} state as stateOfDependencies has it */
export function checkDependencies(state) {
  return state === 'up to date'
    ? ok('Dependencies', state)
    : warn('Dependencies', `node_modules is ${state}`, 'npm ci --include=dev');
}

/** @param {string} root */
export async function checkMachine(root) {
  const [npm, pythons] = await Promise.all([ask('npm', ['--version']), askPythons()]);
  return {
    node: checkNodeVersion(process.versions.node),
    npm: checkNpm(npm),
    python: checkPython(pythons),
    memory: checkMemory('Memory', totalmem(), 'close other programs, or lower mem_limit in compose.yaml'),
    dependencies: checkDependencies(stateOfDependencies(root)),
  };
}
