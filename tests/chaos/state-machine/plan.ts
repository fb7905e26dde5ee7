import fc from 'fast-check';
import { acceptAgain, deliver, receiveOutcome, startAgain, visit, type Publication } from './actors.js';
import type { Result } from './model.js';
import type { SubjectName } from './subjects.js';
import { FATES, settled, type Fate } from './turns.js';
import { FORGED, LEASE_MS, MARKER_DELAY_MS, SKEW_MS, type Message, type World } from './world.js';

/** A known message, by its index; a copy; a replay; or a forged message, which may be a replay, too. */
type Wanted = number | 'copy' | 'r1' | 'r2' | 'forged' | 'forged r1';

/** What happens next. Numbers choose from what exists at that time, modulo its count. */
export type Step =
  | { kind: 'take'; turn: number; fate: Fate }
  | { kind: 'die'; turn: number }
  /** `atOnce`: nothing else happens until the delivery has ended. */
  | { kind: 'deliver'; message: Wanted; isExhausted: boolean; atOnce: boolean }
  | { kind: 'visit'; publication: Publication }
  | { kind: 'restart'; isPublished: boolean }
  | { kind: 'confirm'; notice: number }
  /** The queue of a consumer is purged. */
  | { kind: 'purge'; consumer: number }
  | { kind: 'accept' }
  | { kind: 'pass'; ms: number };

export type Plan = {
  subject: SubjectName;
  /** The outcome of each life. The last one also applies to all later lives. */
  outcomes: Result[];
  steps: Step[];
  /** Whether actors that are still running after the last step continue or die. */
  goesOn: boolean;
  /** The order in which actors take turns after the last fault. */
  order: number[];
};

const HOUR_MS = 3_600_000;

const choice = fc.nat({ max: 11 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      turn: choice,
      fate: fc.oneof({ weight: 3, arbitrary: fc.constant('answered' as const) }, fc.constantFrom(...FATES)),
    }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      message: fc.oneof(
        { weight: 4, arbitrary: choice },
        { weight: 4, arbitrary: fc.constantFrom('copy' as const, 'r1' as const, 'r2' as const) },
        { weight: 1, arbitrary: fc.constantFrom('forged' as const, 'forged r1' as const) },
      ),
      isExhausted: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, fc.constant(true)),
      atOnce: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('visit' as const),
      publication: fc.constantFrom('arrives' as const, 'is swallowed' as const, 'is refused' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('restart' as const), isPublished: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('confirm' as const), notice: choice }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), consumer: choice }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'accept' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('die' as const), turn: choice }) },
  {
    weight: 7,
    // Includes the last millisecond of a lease and the first one after it. Clocks are also set back.
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(
        ...[1, MARKER_DELAY_MS, LEASE_MS, LEASE_MS + SKEW_MS, LEASE_MS + SKEW_MS + 1, 2 * LEASE_MS],
        ...[-SKEW_MS, -SKEW_MS - 1, -HOUR_MS],
      ),
    }),
  },
);

export const MAX_FAILED_LIVES = 2;

export const plan: fc.Arbitrary<Plan> = fc.record({
  subject: fc.constantFrom(...(['order', 'shared order', 'older order', 'notification'] as const)),
  outcomes: fc
    .tuple(
      fc.array(fc.constant('failed for now' as const), { maxLength: MAX_FAILED_LIVES }),
      fc.constantFrom('completed' as const, 'failed for good' as const),
    )
    .map(([failed, last]) => [...failed, last]),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
  goesOn: fc.boolean(),
  order: fc.array(choice, { minLength: 1, maxLength: 6 }),
});

const at = <T>(list: readonly T[], index: number): T => list[index % list.length]!;

function messageFor(world: World, wanted: Wanted): Message {
  // Deleted messages too: a queue may redeliver them.
  if (typeof wanted === 'number') return at(world.messages, wanted);
  if (wanted === 'copy') return world.send();
  if (wanted === 'r1' || wanted === 'r2') return world.send(wanted);
  return world.send(wanted === 'forged' ? undefined : 'r1', FORGED);
}

export async function play(world: World, next: Step): Promise<void> {
  const { turns, clock, notices, subject } = world;
  const { confirmedBy } = subject.table;
  switch (next.kind) {
    case 'take':
      return turns.take(next.turn, next.fate);
    case 'die':
      turns.drop(next.turn);
      return;
    case 'deliver': {
      const { message, isExhausted, atOnce } = next;
      const others = turns.count();
      deliver(world, messageFor(world, message), isExhausted);
      await settled();
      // An actor's next turn is the last in the list.
      while (atOnce && turns.count() > others) await turns.take(turns.count() - 1, 'answered');
      return;
    }
    case 'visit':
      visit(world, next.publication);
      return;
    case 'restart':
      startAgain(world, next.isPublished);
      return;
    case 'confirm': {
      const early = confirmedBy.slice(0, 1).map((consumer) => ({ consumer, version: 1 }));
      const choices = [...early, ...notices];
      if (choices.length > 0) receiveOutcome(world, at(choices, next.notice));
      return;
    }
    case 'purge': {
      const purged = notices.filter(({ consumer }) => consumer !== at(confirmedBy, next.consumer));
      notices.splice(0, Infinity, ...purged);
      return;
    }
    case 'accept':
      acceptAgain(world);
      return;
    case 'pass':
      clock.now += next.ms;
  }
}
