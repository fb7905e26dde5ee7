/** Preload: on SIGWINCH, collects garbage and logs the size of the heap. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = /** @type {() => void} */ (runInNewContext('gc'));
let told = 0;

process.on('SIGWINCH', () => {
  // The first may finish an earlier marking, which keeps newer garbage. The second keeps none.
  collectGarbage();
  collectGarbage();
  process.stdout.write(`${JSON.stringify({ heap: ++told, heapUsed: process.memoryUsage().heapUsed })}\n`);
});
