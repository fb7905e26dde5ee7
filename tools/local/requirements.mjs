/** What must be on the machine before anything else, and the dependencies that are installed when they are missing. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { LocalError } from './fail.mjs';
import { withLock } from './lock.mjs';

export const MIN_NODE = [20, 19];
export const MIN_PYTHON = [3, 10];

/**
 * @param {string} version
 * @param {number[]} minimum its parts, the major one first
 */
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

/** The command of a Python that can make virtual environments. */
export function findPython() {
  /** @type {string[]} */
  const tooOld = [];
  for (const command of ['python3', 'python']) {
    const asked = spawnSync(command, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], {
      encoding: 'utf8',
    });
    if (asked.error || asked.status !== 0) continue;
    const version = asked.stdout.trim();
    if (!isAtLeast(version, MIN_PYTHON)) {
      tooOld.push(version);
      continue;
    }
    if (spawnSync(command, ['-c', 'import venv, ensurepip']).status !== 0) {
      throw new LocalError(
        `Python ${version} is here, but not its venv module, which the embedded emulator is installed with.`,
        'Debian and Ubuntu: sudo apt install python3-venv',
      );
    }
    return { command, version };
  }
  const found =
    tooOld.length > 0 ? `Python ${tooOld.join(' and ')} is too old` : 'Python is not installed, or not in PATH';
  throw new LocalError(
    `The embedded emulator needs Python ${MIN_PYTHON.join('.')} or newer: ${found}.`,
    'Install it (Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python), ' +
      'or run with Docker instead: npm run local -- --emulator localstack',
  );
}

/**
 * Whether node_modules is there, and how it stands to the lockfile.
 * @param {string} root
 * @returns {'up to date' | 'missing' | 'older than package-lock.json'}
 */
export function stateOfDependencies(root) {
  const installed = `${root}node_modules/.package-lock.json`;
  if (!existsSync(installed)) return 'missing';
  const upToDate = statSync(installed).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs;
  return upToDate ? 'up to date' : 'older than package-lock.json';
}

/**
 * Runs `npm ci` when node_modules is missing or older than the lockfile, and no script of a package.
 * @param {string} root
 */
export function installDependencies(root) {
  if (stateOfDependencies(root) === 'up to date') return 'up to date';
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: root, encoding: 'utf8' });
  if (npm.status !== 0) {
    throw new LocalError(
      `npm ci failed:\n${(npm.stderr || String(npm.error)).trim().split('\n').slice(-15).join('\n')}`,
      'Check that the npm registry can be reached, then run this again.',
    );
  }
  return 'installed';
}

/**
 * A virtual environment under .local/ with what a requirements file pins by hash; made once, and again when the pins
 * change. Whoever comes while it is being made waits for it.
 * @param {string} root
 * @param {{ name: string, requirements: string, what: string }} environment `requirements` below root; `what` for people
 * @returns {Promise<{ python: string, made: boolean }>} its Python
 */
export async function installPython(root, { name, requirements: file, what }) {
  const requirements = `${root}${file}`;
  const environment = `${root}.local/${name}`;
  const bin = process.platform === 'win32' ? 'Scripts' : 'bin';
  const python = `${environment}/${bin}/python`;
  const stamp = `${environment}/requirements.txt`;
  const pins = readFileSync(requirements, 'utf8');
  const isMade = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === pins;
  if (isMade()) return { python, made: false };

  const { command } = findPython();
  return withLock(`${environment}.lock`, () => {
    if (isMade()) return { python, made: false };
    // A half-made environment would pass for a whole one the next time.
    rmSync(environment, { recursive: true, force: true });
    /** @type {[string, string[]][]} */
    const steps = [
      [command, ['-m', 'venv', environment]],
      [
        python,
        // Only wheels: to build from a source package would run its code.
        [
          ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
          ...['--only-binary', ':all:', '--require-hashes', '-r', requirements],
        ],
      ],
    ];
    for (const [program, args] of steps) {
      const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
      if (status !== 0) {
        throw new LocalError(
          `${what} could not be installed:\n${(stderr || stdout || String(error)).trim()}`,
          'Check that the Python package index can be reached, then run this again.',
        );
      }
    }
    copyFileSync(requirements, stamp);
    return { python, made: true };
  });
}

/**
 * MiniStack.
 * @param {string} root
 */
export function installEmulator(root) {
  return installPython(root, {
    name: 'ministack',
    requirements: 'tools/local/requirements.txt',
    what: 'The embedded emulator',
  });
}

const SERVICE_PROJECTS = ['services/api-gateway', 'services/order-worker', 'services/notification-worker'];

/**
 * Compiles the services, or other projects; incremental, so it takes seconds only when something has changed. One build
 * at a time: a process that starts while another build writes would read half a file.
 * @param {string} root
 * @param {string[]} projects
 */
export async function build(root, projects = SERVICE_PROJECTS) {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  try {
    const tsc = [`${root}node_modules/typescript/bin/tsc`, '-b', ...projects];
    await withLock(`${root}.local/build.lock`, () => promisify(execFile)(process.execPath, tsc, { cwd: root }));
  } catch (error) {
    if (error instanceof LocalError) throw error;
    const { stdout } = /** @type {{ stdout: string }} */ (error);
    throw new LocalError(
      `${projects.join(', ')} do not compile:\n${stdout.trim()}`,
      'Mend the errors above and run this again.',
    );
  }
}
