/**
 * `npm run aws:rehearsal`: deploys both stacks to an emulator that starts the tasks as containers, and changes them
 * under load. It stops everything that it starts. Exit code: 0 when all steps passed, 1 when one failed, 2 for wrong
 * usage.
 */
import { fileURLToPath } from 'node:url';
import { readdirSync, readFileSync } from 'node:fs';
import { printProblem } from './local/fail.mjs';
import { say } from './local/steps.mjs';
import { createPlace } from './rehearsal/place.mjs';
import { rehearse } from './rehearsal/rehearse.mjs';
import { NOT_SHOWN } from './rehearsal/template.mjs';
import { readArguments } from './usage.mjs';

readArguments(
  `npm run aws:rehearsal

Deploys infrastructure/template.yaml and services.yaml to MiniStack, which starts the tasks as containers. An order goes
through the load balancer; then, under load, order-worker is scaled from 1 to 3 and back, and all services get new
images. The audit must be clean, and each stopped worker must have drained. Needs Linux and Docker; takes about ten minutes.`,
  { options: {} },
);

const root = fileURLToPath(new URL('..', import.meta.url));
const stopped = new AbortController();
const place = createPlace(root, stopped.signal);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    if (!stopped.signal.aborted) say('\nStopping everything that was started.');
    stopped.abort();
  });
}
process.removeAllListeners('warning');
let exitCode = 1;
try {
  say(`Rehearsing the deployment, stage ${place.stage}`);
  await rehearse(place);
  say(`\nAll steps passed. They do not show the following, which the emulator ignores or replaces:`);
  for (const what of NOT_SHOWN) say(`  - ${what}`);
  exitCode = 0;
} catch (error) {
  if (!stopped.signal.aborted) {
    printProblem(error);
    for (const file of readdirSync(place.logDir)) {
      say(`\nThe end of ${file}:\n${readFileSync(`${place.logDir}${file}`, 'utf8').split('\n').slice(-15).join('\n')}`);
    }
  }
} finally {
  await place.end();
}
process.exit(exitCode);
