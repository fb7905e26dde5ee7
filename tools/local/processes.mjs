/** The running and the ending processes of one run. */
import { end as endProcess } from './children.mjs';
import { startOf } from './identity.mjs';

/**
 * @typedef {import('./children.mjs').Child} Child
 * @typedef {import('./identity.mjs').Known} Known
 * @typedef {ReturnType<typeof createProcesses>} Processes
 */

/** Longer than a service's own deadline for draining. */
export const STOP_WITHIN_MS = 32_000;

/**
 * @param {object} run @param {() => boolean} run.isStopping what starts from then on is ended at once
 * @param {() => void} run.onChange after each start, and each end that nobody asked for
 * @param {(child: Child, code: number) => void} run.onOwnEnd of a process that nobody told to end
 */
export function createProcesses({ isStopping, onChange, onOwnEnd }) {
  /** @type {Child[]} */
  const running = [];
  /** @type {Map<Child, Promise<void>>} */
  const ending = new Map();

  /** @param {Child} child */
  function remove(child) {
    running.splice(running.indexOf(child), 1);
  }

  /** Sends SIGTERM, and SIGKILL after the deadline. @param {Child} child */
  function end(child) {
    const begun = ending.get(child);
    if (begun) return begun;
    let isGone = false;
    const gone = child.ended.then(() => {
      isGone = true;
    });
    const ended = endProcess(child.kill, () => isGone, STOP_WITHIN_MS).then(() => gone);
    ending.set(child, ended);
    return ended;
  }

  return {
    /** @param {Child} child that has just been started */
    add(child) {
      running.push(child);
      if (isStopping()) void end(child);
      else onChange();
      void child.ended.then((code) => {
        if (isStopping() || ending.has(child)) return;
        remove(child);
        onChange();
        onOwnEnd(child, code);
      });
    },
    end,
    remove,
    /** @param {string} name */
    find: (name) => running.find((child) => child.name === name),
    /** Whether it runs and was not told to end. @param {string} name */
    runs: (name) => running.some((child) => child.name === name && !ending.has(child)),
    /**
     * Ends those with these names.
     * @param {(name: string) => boolean} isMeant @param {(name: string, code: number) => void} onEnd
     */
    async endAll(isMeant, onEnd) {
      const meant = running.filter(({ name }) => isMeant(name));
      await Promise.all(
        meant.map(async (child) => {
          await end(child);
          onEnd(child.name, await child.ended);
        }),
      );
    },
    /** Resolves when all ending processes have ended. */
    async settled() {
      await Promise.all(ending.values());
    },
    /** The living processes, for run.json. */
    known: () =>
      running.flatMap(({ name, pid }) => {
        const startedAt = pid > 0 ? startOf(pid) : undefined;
        return startedAt === undefined ? [] : [{ name, pid, startedAt }];
      }),
  };
}
