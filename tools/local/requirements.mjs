/** Requirements of the machine, and installation of dependencies. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, lstatSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { SERVICES } from '../../contracts/src/topology.js';
import { ask } from './ask.mjs';
import { stateOfDependencies } from './dependencies.mjs';
import { forDownloads, ofTheMachine } from './environment.mjs';
import { LocalError } from './fail.mjs';
import { withLock } from './lock.mjs';
import { runOrFail } from './run-to-end.mjs';

/** @typedef {{ signal?: AbortSignal | undefined }} Abortable `signal` ends what has been begun */

export const MIN_NODE = [20, 19];
const MIN_PYTHON = [3, 10];
const PYTHONS = ['python3', 'python'];
const PYTHON_ANSWERS_WITHIN_MS = 10_000;
/** Prints the version, and `venv` if virtual environments can be made. */
const VERSION_AND_VENV =
  'import sys, importlib.util as u; print("%d.%d.%d" % sys.version_info[:3], u.find_spec("venv") and u.find_spec("ensurepip") and "venv")';

/** @param {string} version @param {number[]} minimum its parts, the major one first */
export function isAtLeast(version, minimum) {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  const differing = minimum.findIndex((part, index) => (parts[index] ?? 0) !== part);
  return differing === -1 || (parts[differing] ?? 0) > (minimum[differing] ?? 0);
}

export function checkNode() {
  const { node } = process.versions;
  if (!isAtLeast(node, MIN_NODE)) {
    throw new LocalError(
      `Node.js ${MIN_NODE.join('.')} or newer is needed, this is ${node}.`,
      'Install the version in .nvmrc, for example with: nvm install',
    );
  }
  return node;
}

/** Asks each command that Python may be called by. */
export async function askPythons() {
  const options = { env: ofTheMachine(process.env), withinMs: PYTHON_ANSWERS_WITHIN_MS };
  return Promise.all(PYTHONS.map((command) => ask(command, ['-I', '-c', VERSION_AND_VENV], options)));
}

/**
 * A Python that can make virtual environments, or the reason why none was found.
 * @param {import('./ask.mjs').Answer[]} answers of `askPythons`
 * @returns {{ command: string, version: string } | { problem: string, fix: string }}
 */
export function choosePython(answers) {
  const found = answers.flatMap(({ status, stdout }, at) => {
    const [version = '', venv] = stdout.split(' ');
    return status === 'ok' ? [{ command: PYTHONS[at] ?? '', version, hasVenv: venv === 'venv' }] : [];
  });
  const recent = found.filter(({ version }) => isAtLeast(version, MIN_PYTHON));
  const complete = recent.find(({ hasVenv }) => hasVenv);
  if (complete) return complete;
  if (recent[0]) {
    const fix = 'Debian, Ubuntu: sudo apt install python3-venv';
    return { problem: `${recent[0].version} without its venv module`, fix };
  }
  const fix = 'Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python';
  if (found[0]) return { problem: `${found[0].version}, older than ${MIN_PYTHON.join('.')}`, fix };
  const broken = answers.find(({ status }) => status === 'failed');
  return { problem: broken ? `it does not run: ${broken.reason}` : 'none in PATH', fix };
}

/** @param {string} [what] needs it @throws LocalError when no Python can make virtual environments */
export async function findPython(what = 'The embedded emulator') {
  const python = choosePython(await askPythons());
  if (!('problem' in python)) return python;
  throw new LocalError(
    `${what} needs Python ${MIN_PYTHON.join('.')} or newer with venv. Found: ${python.problem}.`,
    `${python.fix}. With Docker, the system runs without Python: npm run local -- --emulator localstack`,
  );
}

/** Installs everything in the lockfile, whatever npm's configuration. npm warns about `engines`. */
const NPM_CI = [
  ...['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional', '--include=peer'],
  ...['--no-engine-strict', '--no-dry-run', '--no-global', '--no-legacy-peer-deps', '--bin-links', '--package-lock'],
];

/**
 * Runs `npm ci` without package scripts if node_modules does not match the lockfile.
 * @param {string} root @param {Abortable} [options]
 */
export async function installDependencies(root, { signal } = {}) {
  const state = stateOfDependencies(root);
  if (state === 'up to date') return state;
  // npm would empty the link's target, which belongs to another checkout.
  if (lstatSync(`${root}node_modules`, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new LocalError(
      `node_modules is a link to ${readlinkSync(`${root}node_modules`)}, and ${state}.`,
      'Remove the link, then run this again: rm node_modules',
    );
  }
  await runOrFail('npm', NPM_CI, {
    cwd: root,
    env: forDownloads(process.env),
    signal,
    problem: 'npm ci failed',
    fix: 'Check that the npm registry can be reached, then run this again.',
  });
  return 'installed';
}

/**
 * The environment of pip in a virtual environment. Configuration may set where packages come from, but not where they
 * go.
 * @param {string} python
 */
export function pipEnvironment(python) {
  const env = forDownloads(process.env);
  // With `user = true` in a file, pip would list only the user's file.
  const all = { PIP_USER: '0', PIP_GLOBAL: '0', PIP_SITE: '0' };
  const list = ['-I', '-m', 'pip', 'config', 'list'];
  const { stdout } = spawnSync(python, list, { encoding: 'utf8', env: { ...env, ...all } });
  const inFiles = ['global', 'install'].flatMap((section) =>
    (stdout || '').split('\n').flatMap((line) => {
      const [, of, name = '', value = ''] = /^(\w+)\.([\w-]+)='(.*)'$/.exec(line.trim()) ?? [];
      const variable = `PIP_${name.toUpperCase().replaceAll('-', '_')}`;
      return of === section ? [[variable, value.replaceAll('\\n', ' ')]] : [];
    }),
  );
  return { ...forDownloads(Object.fromEntries(inFiles)), ...env, PIP_CONFIG_FILE: devNull };
}

/**
 * Creates a virtual environment under .local/ from a requirements file with hashes, once per version of the file.
 * Concurrent callers wait.
 * @param {string} root
 * @param {{ name: string, requirements: string, what: string }} environment `requirements` below root; `what` for people
 * @param {Abortable} [options] @returns {Promise<{ python: string, made: boolean }>} its Python
 */
export async function installPython(root, { name, requirements: file, what }, { signal } = {}) {
  const requirements = `${root}${file}`;
  const environment = `${root}.local/${name}`;
  const bin = process.platform === 'win32' ? 'Scripts' : 'bin';
  const python = `${environment}/${bin}/python`;
  const stamp = `${environment}/requirements.txt`;
  const pins = readFileSync(requirements, 'utf8');
  const isMade = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === pins;
  if (isMade()) return { python, made: false };

  const { command } = await findPython(what);
  const make = async () => {
    if (isMade()) return { python, made: false };
    // An incomplete environment must not look complete to the next run.
    rmSync(environment, { recursive: true, force: true });
    const install = [
      // Wheels only: building a source package would run its code.
      ...['-I', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'],
      ...['--only-binary', ':all:', '--require-hashes', '-r', requirements],
      // The files list every dependency. With --no-deps, pip does not add packages that they omit on purpose.
      '--no-deps',
    ];
    const failing = {
      signal,
      problem: `${what} could not be installed`,
      fix: 'Check that the Python package index can be reached, then run this again.',
    };
    await runOrFail(command, ['-I', '-m', 'venv', environment], { ...failing, env: ofTheMachine(process.env) });
    await runOrFail(python, install, { ...failing, env: pipEnvironment(python) });
    copyFileSync(requirements, stamp);
    return { python, made: true };
  };
  return withLock(`${environment}.lock`, make, { signal });
}

/** Installs MiniStack. @param {string} root @param {Abortable} [options] */
export function installEmulator(root, options) {
  const environment = {
    name: 'ministack',
    requirements: 'tools/local/requirements.txt',
    what: 'The embedded emulator',
  };
  return installPython(root, environment, options);
}

const SERVICE_PROJECTS = Object.keys(SERVICES).map((service) => `services/${service}`);

/**
 * Compiles the services or other projects incrementally. One build at a time, so that no process reads a half-written
 * file.
 * @param {string} root @param {string[]} projects @param {Abortable} [options]
 */
export async function build(root, projects = SERVICE_PROJECTS, { signal } = {}) {
  const tsc = [`${root}node_modules/typescript/bin/tsc`, '-b', ...projects];
  const options = {
    cwd: root,
    env: ofTheMachine(process.env),
    signal,
    problem: `${projects.join(', ')} do not compile`,
    fix: 'Fix the errors above and run this again.',
  };
  await withLock(`${root}.local/build.lock`, () => runOrFail(process.execPath, tsc, options), { signal });
}
