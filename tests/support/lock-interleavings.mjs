/**
 * Interleaves other processes with the steps of a process that takes a lock: node lock-interleavings.mjs MODULE FOLDER
 * [STEP]. A step is a file system call that names the lock.
 *
 * Without STEP: at each step, another process takes the same lock, which a killed process has left. Prints for each
 * step how many processes held it at once, and how many held it in total. With STEP: kills the process there and prints
 * nothing.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [, , module = '', folder = '', killedAt] = process.argv;

/** @type {(step: number) => void} */
let before = () => undefined;
let steps = 0;
let counted = '';
for (const name of /** @type {const} */ ([
  ...['mkdirSync', 'writeFileSync', 'linkSync', 'renameSync', 'unlinkSync', 'rmSync', 'rmdirSync'],
  ...['readFileSync', 'readdirSync', 'openSync', 'existsSync', 'statSync'],
])) {
  const all = /** @type {Record<string, (...given: unknown[]) => unknown>} */ (/** @type {unknown} */ (fs));
  const real = all[name];
  if (!real) throw new Error(`there is no ${name}`);
  all[name] = (...given) => {
    if (counted !== '' && given.some((one) => String(one).startsWith(counted))) before(++steps);
    return real(...given);
  };
}
syncBuiltinESMExports();
/** @type {typeof import('../../tools/local/lock.mjs')} */
const { withLock } = await import(module);

/** The n-th lock, left by a killed process. */
function deadLock(/** @type {number} */ n) {
  const lock = `${folder}/${n}/lock`;
  const program = `import { withLock } from ${JSON.stringify(module)};
    await withLock(${JSON.stringify(lock)}, () => process.kill(process.pid, 'SIGKILL'));`;
  spawnSync(process.execPath, ['--input-type=module', '--eval', program]);
  if (!fs.existsSync(lock)) throw new Error('the lock is gone with its holder');
  return lock;
}

if (killedAt !== undefined) {
  counted = `${folder}/killed/lock`;
  before = (step) => {
    if (step === Number(killedAt)) process.kill(process.pid, 'SIGKILL');
  };
  await withLock(counted, () => undefined);
} else {
  const results = [];
  for (let wanted = 1, reached = true; reached; wanted++) {
    const lock = deadLock(wanted);
    let inside = 0;
    let together = 0;
    let held = 0;
    /** @type {() => void} */
    let leave = () => undefined;
    const both = new Promise((resolve) => (leave = () => resolve(undefined)));
    const work = async () => {
      held += 1;
      inside += 1;
      together = Math.max(together, inside);
      await both;
      inside -= 1;
    };
    const attempt = () => withLock(lock, work, { patienceMs: 0 }).catch(() => leave());
    /** @type {Promise<unknown> | undefined} */
    let other;
    steps = 0;
    counted = lock;
    before = (step) => {
      if (step !== wanted) return;
      counted = '';
      // It runs without waiting until it works or is refused.
      other = attempt();
      counted = lock;
    };
    const one = attempt();
    // This process holds the lock and would wait forever for the other one, which never came.
    if (!other) leave();
    await new Promise((resolve) => setImmediate(resolve));
    leave();
    await Promise.all([one, other]);
    reached = other !== undefined;
    counted = '';
    if (reached) results.push({ step: wanted, together, held });
  }
  process.stdout.write(JSON.stringify(results));
}
