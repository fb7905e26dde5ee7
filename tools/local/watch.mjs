/** Rebuilds on change and restarts the affected services. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICE_NAMES, startIn } from './embedded.mjs';
import { ofTheMachine } from './environment.mjs';
import { followFile } from './follow.mjs';

/**
 * @typedef {import('./embedded.mjs').Service} Service
 * @typedef {import('./embedded.mjs').Place} Place
 */

/** Shared sources of all services. */
const SHARED = ['contracts', 'domain', 'platform'];
export const COMPILER = 'compiler';

/** @param {Place} place */
function startCompiler(place) {
  const projects = SERVICE_NAMES.map((service) => `services/${service}`);
  const args = ['node_modules/typescript/bin/tsc', '-b', '--watch', '--preserveWatchOutput', ...projects];
  return startIn(place, { name: COMPILER, command: process.execPath, args, env: ofTheMachine(process.env) });
}

/** Identifies the state of the JavaScript in a folder; empty without any. @param {string} folder */
function stampOf(folder) {
  try {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
    return files.map((file) => `${file} ${statSync(join(folder, file)).mtimeMs}`).join('\n');
  } catch {
    // The folder is being deleted or created.
    return '';
  }
}

/** @param {string} root */
function stampsOf(root) {
  const shared = SHARED.map((folder) => stampOf(`${root}${folder}/dist`));
  return new Map(
    SERVICE_NAMES.map((service) => [service, [...shared, stampOf(`${root}services/${service}/dist`)].join('\n\n')]),
  );
}

/**
 * Compiles on change. At the end of each build, restarts recompiled services and, if it succeeded, services that are
 * down.
 * @param {Place} place @param {object} run @param {import('./children.mjs').Processes} run.processes
 * @param {(service: Service) => Promise<boolean>} run.tryToStart whether it is ready
 * @param {(name: string, line: string) => void} run.print
 * @param {() => boolean} run.isStopping while it is true, nothing is started
 * @returns {() => void} stops watching
 */
export function restartOnChange(place, { processes, tryToStart, print, isStopping }) {
  /** @type {Map<Service, { count: number, done: Promise<void> }>} */
  const turns = new Map();
  /** The newest change wins: it ends the process of an earlier one, ready or not. @param {Service} service */
  const restart = (service) => {
    const { count, done } = turns.get(service) ?? { count: 0, done: Promise.resolve() };
    const isNewest = () => turns.get(service)?.count === count + 1;
    const turn = async () => {
      await processes.find(service)?.stop();
      if (isStopping() || !isNewest()) return;
      if ((await tryToStart(service)) && isNewest()) print(service, '(restarted)');
    };
    print(service, '(changed: restarting)');
    void processes.find(service)?.stop();
    const over = done.then(turn).finally(() => {
      if (isNewest()) turns.delete(service);
    });
    turns.set(service, { count: count + 1, done: over });
  };
  const isDown = (/** @type {Service} */ service) => !turns.has(service) && !processes.find(service);
  let running = stampsOf(place.root);
  let compilations = 0;
  startCompiler(place);
  return followFile(`${place.logDir}${COMPILER}.log`, (line) => {
    print(COMPILER, line);
    const [, errors] = /Found (\d+) errors?\b/.exec(line) ?? [];
    if (errors === undefined) return;
    const built = stampsOf(place.root);
    // The first compilation is the initial one.
    const isToRevive = ++compilations > 1 && errors === '0';
    for (const service of SERVICE_NAMES) {
      if (built.get(service) !== running.get(service) || (isToRevive && isDown(service))) restart(service);
    }
    running = built;
  });
}
