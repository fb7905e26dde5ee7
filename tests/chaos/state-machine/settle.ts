import { deliver, receiveOutcome, startAgain, visit } from './actors.js';
import { isFinished } from './model.js';
import { MAX_FAILED_LIVES, type Plan } from './plan.js';
import { settled } from './turns.js';
import { demand } from './violation.js';
import type { World } from './world.js';

/**
 * Enough rounds for a dead worker's lease to expire, for the sweeper to send a message, for the message to be processed,
 * for a replay of each failed life, one of which the sweeper has given up, and for the outcome to be confirmed.
 */
const MAX_ROUNDS = 6 + MAX_FAILED_LIVES;

/** Lets all running actors finish, in the plan's order. */
async function finishAll(world: World, { order }: Plan): Promise<void> {
  for (let index = 0; world.turns.count() > 0; index++) {
    await world.turns.take(order[index % order.length]!, 'answered');
    world.check();
  }
  await settled();
  world.check();
}

/** Delivers all messages of the queue concurrently. Without faults, no work may be wasted. */
async function deliverAll(world: World, plan: Plan): Promise<void> {
  const { works, finishes } = { ...world.tally };
  const waiting = world.messages.filter(({ isDeleted }) => !isDeleted);
  for (const message of waiting) deliver(world, message);
  await settled();
  await finishAll(world, plan);
  const { tally } = world;
  demand(
    tally.works - works === tally.finishes - finishes,
    'without deaths and expired leases, no work is wasted',
    tally,
  );
}

/** Without further faults, the item must reach its outcome in a bounded number of rounds. */
export async function settle(world: World, plan: Plan): Promise<void> {
  const { judge, turns, clock, notices, received, subject, outcomes } = world;
  world.log.push('no more faults');
  if (plan.goesOn) await finishAll(world, plan);
  while (turns.count() > 0) turns.drop(0);

  for (let round = 1; ; round++) {
    demand(round <= MAX_ROUNDS, 'the item ends in a bounded number of rounds', {
      state: judge.state(),
      receives: world.tally.receives,
    });
    await deliverAll(world, plan);
    for (const notice of new Map(notices.map((each) => [JSON.stringify(each), each])).values()) {
      receiveOutcome(world, notice);
    }
    await finishAll(world, plan);

    const state = judge.state();
    if (state.retriable) {
      // An operator replays the dead letter, or restarts from the item alone.
      if (round % 2 === 0) startAgain(world, true);
      else world.send(`operator-${round}`);
    } else if (state.marker !== undefined) {
      clock.now = Math.max(clock.now, state.marker);
      visit(world, 'arrives');
      await settled();
      await finishAll(world, plan);
    } else {
      break;
    }
  }

  const { status, effects, version, marker, retriable } = judge.state();
  const last = outcomes.at(-1)!;
  const expected = last === 'completed' ? 'completed' : 'failed';
  demand(status === expected && retriable !== true, 'the item ends with the result of its work', { status, last });
  demand(isFinished(judge.state()) && effects === 1, 'the outcome is applied', { effects });
  demand(marker === undefined, 'no marker is left', { marker });
  const { confirmedBy } = subject.table;
  const unaware = confirmedBy.filter((consumer) => !received.has(`${consumer} v${version}`));
  demand(unaware.length === 0, 'each consumer that the outcome waits for has received it', { unaware });
  demand(version >= 3, 'a claim precedes the outcome', { version });
  const event = subject.table.outcomeEventOf(judge.item());
  if (event) world.publish(event, true);
}
