import { writeSync } from 'node:fs';

/** The moments at which a crash would lose something if a protection were missing. */
export const FAILPOINTS = [
  /** The item is stored; its event is not yet published. */
  'api.after-insert',
  'api.after-publish',
  /** The item is claimed; the work has not begun. */
  'worker.after-claim',
  /** The work is done; the outcome is not yet written. */
  'worker.after-work',
  /** The outcome is written; its event is not yet published. */
  'worker.after-finish',
  /** The outcome's event is published; the message is not yet deleted. */
  'worker.after-publish',
  /** The dead letter is sent; the message is not yet deleted. */
  'dead-letter.after-send',
  /** The exhausted item has ended; the dead letter is not yet sent. */
  'dead-letter.after-failed',
  /** SIGTERM has arrived; work is still in flight. */
  'worker.during-drain',
  /** A due marker is moved; its event is not yet published. */
  'sweeper.after-take',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

type Trigger = { name: Failpoint; hit: number } | { name: Failpoint; probability: number };

const SYNTAX = /^([a-z.-]+)(?:=(?:([1-9]\d{0,8})|(\d{1,3}(?:\.\d+)?)%))?$/;

function parseTrigger(text: string): Trigger | string {
  const match = SYNTAX.exec(text.trim());
  const name = FAILPOINTS.find((known) => known === match?.[1]);
  if (!match || !name) {
    return `FAILPOINTS must be a list such as worker.after-claim=10%,api.after-insert=3 of: ${FAILPOINTS.join(', ')}`;
  }
  const [, , hit, percent] = match;
  return percent === undefined ? { name, hit: Number(hit ?? 1) } : { name, probability: Number(percent) / 100 };
}

const triggersIn = (spec: string): (Trigger | string)[] => spec.split(',').map(parseTrigger);

/** What is wrong with a value of FAILPOINTS; undefined if it is valid. */
export function failpointProblem(spec: string): string | undefined {
  return triggersIn(spec).find((trigger) => typeof trigger === 'string');
}

/** Like a crash: no handler runs, nothing is flushed. */
function die(name: Failpoint): void {
  writeSync(2, `${JSON.stringify({ level: 'error', message: 'died at a failpoint', failpoint: name })}\n`);
  process.kill(process.pid, 'SIGKILL');
}

let armed: ReadonlyMap<Failpoint, () => boolean> | undefined;

/**
 * Arms failpoints for the rest of the process's life. `spec` is a valid, comma-separated list. `name` kills the process
 * at the first hit, `name=3` at the third, `name=10%` at each hit with that probability.
 */
export function armFailpoints(spec: string | undefined, random: () => number = Math.random): void {
  if (spec === undefined) return;
  const triggers = triggersIn(spec).filter((trigger) => typeof trigger !== 'string');
  armed = new Map(
    triggers.map((trigger) => {
      let hits = 0;
      const isTime = 'hit' in trigger ? () => ++hits === trigger.hit : () => random() < trigger.probability;
      return [trigger.name, isTime];
    }),
  );
}

/** A point at which the process can be made to die. Unless armed, it costs one comparison. */
export function failpoint(name: Failpoint): void {
  if (armed?.get(name)?.()) die(name);
}
