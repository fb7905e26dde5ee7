import { isBelieved, isFinished, isReplay, type Action, type Rules, type State } from './model.js';
import { demand } from './violation.js';

/** Everything except the marker, which is not part of the state, and the version, which only counts changes. */
function withoutMarker({ marker: _m, attempts: _a, awaiting: _w, expires: _e, version: _v, ...rest }: State): string {
  return JSON.stringify(rest);
}

/**
 * The promises that every change of an item keeps. They are separate from the model, so that a mistake in the model does
 * not hide one in the system. `now` is the true time; an actor whose clock was set back may have seen a later one.
 */
export function demandPromises(before: State, after: State, action: Action, now: number, rules: Rules): void {
  const states = { action, before, after, now };
  const changed = withoutMarker(before) !== withoutMarker(after);
  const replayed = action.kind === 'restart' || (action.kind === 'claim' && isReplay(before, action));

  const seenAt = action.kind === 'claim' ? action.at : now;
  const hasPassed = before.leaseUntil < Math.max(now, seenAt);
  const isImpossible = before.leaseUntil > Math.min(now, seenAt) + rules.leaseMs;

  demand(
    action.kind !== 'claim' || isBelieved(action.says, rules.accepted),
    'no message claims an item that was accepted with other content',
    states,
  );
  demand(after.effects === 0 || after.effects === 1, 'an outcome is applied at most once per life', states);
  demand(after.effects >= before.effects || replayed, 'only a replay starts a new life', states);
  demand(after.effects === Number(isFinished(after)), 'an item is finished when its outcome is applied', states);
  demand(!isFinished(before) || !changed || replayed, 'only a replay leaves a finished state', states);
  demand(!before.isGivenUp || after.isGivenUp || replayed, 'a life that was given up stays given up', states);
  demand(
    before.status !== 'processing' || after.holder === before.holder || hasPassed || isImpossible,
    'no message takes an item from another one during its lease',
    states,
  );
  demand(
    before.status !== 'processing' || !isFinished(after) || after.token === before.token,
    'only the holder of the claim finishes an item',
    states,
  );
  demand(isFinished(after) || after.marker !== undefined, 'an unfinished item has its marker', states);
  demand(
    !isFinished(after) || rules.consumers.length > 0 || after.marker === undefined,
    'an outcome without consumers has no marker',
    states,
  );
  demand(
    rules.consumers.length === 0 ||
      after.marker !== undefined ||
      before.marker === undefined ||
      action.kind === 'confirm',
    'the marker of an outcome stays until it is confirmed',
    states,
  );
  const others = action.kind === 'confirm' ? before.awaiting.filter((name) => name !== action.consumer) : [];
  demand(
    others.length === 0 || after.marker !== undefined,
    'the marker of an outcome stays until its last consumer has confirmed it',
    states,
  );
  demand(
    after.expires === (isFinished(after) && after.marker === undefined),
    'an item expires when nothing more has to happen to it, and never before',
    states,
  );
  demand(after.version === before.version + Number(changed), 'the version rises by one with each change', states);
}
