/** Rebuilds on change and tells which services are affected. */
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { SERVICES } from './embedded.mjs';
import { ofTheMachine } from './environment.mjs';

/** A compiler writes many files in one go. */
const QUIET_MS = 300;

/**
 * @param {string} root
 * @param {(service: import('./embedded.mjs').Service) => Promise<void>} restart
 */
export function watchBuild(root, restart) {
  const compiler = spawn(
    process.execPath,
    [
      'node_modules/typescript/bin/tsc',
      '-b',
      '--watch',
      '--preserveWatchOutput',
      ...SERVICES.map((service) => `services/${service}`),
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: ofTheMachine(process.env),
    },
  );
  process.once('exit', () => compiler.kill());

  /** @type {Set<import('./embedded.mjs').Service>} */
  const changed = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let working = Promise.resolve();
  const flush = () => {
    const services = [...changed];
    changed.clear();
    working = working
      .then(async () => {
        await Promise.all(services.map(restart));
      })
      // Unhandled, it would end this process and leave its children behind.
      .catch((/** @type {unknown} */ error) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      });
  };
  /** @param {import('./embedded.mjs').Service[]} services */
  const note = (services) => {
    for (const service of services) changed.add(service);
    clearTimeout(timer);
    timer = setTimeout(flush, QUIET_MS);
  };
  const isCode = (/** @type {string | null} */ file) => file?.endsWith('.js') ?? false;
  for (const service of SERVICES) {
    watch(`${root}services/${service}/dist`, { recursive: true }, (_, file) => isCode(file) && note([service]));
  }
  for (const shared of ['contracts', 'platform']) {
    watch(`${root}${shared}/dist`, { recursive: true }, (_, file) => isCode(file) && note(SERVICES));
  }
}
