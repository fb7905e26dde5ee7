/** Loaded before a service: on SIGWINCH it tells, in its log, what its heap holds after a collection. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = /** @type {() => void} */ (runInNewContext('gc'));
let told = 0;

process.on('SIGWINCH', () => {
  // The first may end a marking that had begun, which keeps what has died since; the second keeps nothing dead.
  collectGarbage();
  collectGarbage();
  process.stdout.write(`${JSON.stringify({ heap: ++told, heapUsed: process.memoryUsage().heapUsed })}\n`);
});
