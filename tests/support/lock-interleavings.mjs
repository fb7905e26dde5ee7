/**
 * Plays what may come between two steps of a process that takes a lock: node lock-interleavings.mjs MODULE FOLDER
 * [STEP]. A step is a call to the file system that names the lock.
 *
 * Without STEP: at each step another one takes the same lock, left by a process that was killed. Prints, for each step,
 * how many held it at once, and how many held it at all. With STEP: the process is killed there; prints nothing.
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

/** The n-th lock; a process held it that was killed. */
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
      // Up to its work, or to its refusal, it waits for nothing.
      other = attempt();
      counted = lock;
    };
    const one = attempt();
    // One of them holds it and would wait for the other, which never came.
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
