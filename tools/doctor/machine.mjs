/** Checks of the machine. */
import { totalmem } from 'node:os';
import { stateOfDependencies } from '../local/dependencies.mjs';
import { isAtLeast, MIN_NODE, MIN_PYTHON, PYTHON_VERSION_AND_VENV } from '../local/requirements.mjs';
import { ask } from '../local/ask.mjs';
import { fail, ok, warn } from './check.mjs';

/** @typedef {import('./check.mjs').Check} Check */

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

/** @param {import('../local/ask.mjs').Answer[]} answers of each command that Python may be called by */
export function checkPython(answers) {
  const found = answers.flatMap(({ status, stdout }) => (status === 'ok' ? [stdout.split(' ')] : []));
  const recent = found.filter(([version = '']) => isAtLeast(version, MIN_PYTHON));
  const complete = recent.find(([, venv]) => venv === 'venv');
  if (complete) return ok('Python', `${complete[0]} with venv`);
  const install = 'Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python';
  const needed = 'npm run local needs it';
  if (recent[0]) {
    const venv = 'Debian, Ubuntu: sudo apt install python3-venv';
    return warn('Python', `${recent[0][0]} without its venv module; ${needed}`, venv);
  }
  if (found[0]) return warn('Python', `${found[0][0]}, older than ${MIN_PYTHON.join('.')}; ${needed}`, install);
  const [broken] = answers.filter(({ status }) => status === 'failed');
  return warn('Python', `${broken ? `it does not run: ${broken.reason}` : 'none in PATH'}; ${needed}`, install);
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
  const [npm, ...pythons] = await Promise.all([
    ask('npm', ['--version']),
    ask('python3', ['-I', '-c', PYTHON_VERSION_AND_VENV]),
    ask('python', ['-I', '-c', PYTHON_VERSION_AND_VENV]),
  ]);
  return {
    node: checkNodeVersion(process.versions.node),
    npm: checkNpm(npm),
    python: checkPython(pythons),
    memory: checkMemory('Memory', totalmem(), 'close other programs, or lower mem_limit in compose.yaml'),
    dependencies: checkDependencies(stateOfDependencies(root)),
  };
}
