/** The clocks of a process under trial. Must be imported first. */
import { readFileSync } from 'node:fs';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';

/**
 * @typedef {import('@orderflow/platform/runtime/clock').Clock} Clock
 * @typedef {import('@orderflow/platform/runtime/clock').MonotonicClock} MonotonicClock
 */

/** The ablation that removes the protections against clock jumps and suspensions. */
const IMPATIENT = 'impatient';
const LOOK_EVERY_MS = 20;

/**
 * Shifts the wall clock of this process by the offset in a file.
 * @param {string} file in ms
 */
function shiftWallClock(file) {
  const readOffsetMs = () => Number(readFileSync(file, 'utf8'));
  let offsetMs = readOffsetMs();
  setInterval(() => {
    offsetMs = readOffsetMs();
  }, LOOK_EVERY_MS).unref();
  const RealDate = Date;
  const now = () => RealDate.now() + offsetMs;
  globalThis.Date = /** @type {DateConstructor} */ (
    new Proxy(RealDate, {
      construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
      get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
    })
  );
}

/**
 * Durations from the wall clock, and deadlines that count a suspension. Both must end the process.
 * @returns {MonotonicClock}
 */
function createImpatientClock() {
  const startStopwatch = () => {
    const startedAt = Date.now();
    return () => Date.now() - startedAt;
  };
  return {
    startStopwatch,
    startDeadline: (ms, onPassed) => {
      const elapsedMs = startStopwatch();
      const timer = onPassed && setTimeout(onPassed, ms);
      return {
        hasPassed: () => elapsedMs() >= ms,
        cancel: () => {
          clearTimeout(timer);
        },
      };
    },
  };
}

const { CLOCK_OFFSET_FILE, ABLATION } = process.env;
if (CLOCK_OFFSET_FILE) shiftWallClock(CLOCK_OFFSET_FILE);

/** @type {Clock} */
export const now = Date.now;
export const monotonic = ABLATION === IMPATIENT ? createImpatientClock() : createMonotonicClock();

/**
 * Under the ablation, one failed liveness check ends the process.
 * @param {{ isLive(): boolean }} worker
 */
export function watchImpatiently(worker) {
  if (ABLATION !== IMPATIENT) return;
  setInterval(() => {
    if (!worker.isLive()) process.exit(1);
  }, LOOK_EVERY_MS).unref();
}
