import { isDeepStrictEqual } from 'node:util';
import type { Change, Condition, Path } from './fake-partiql.js';
import { invalid } from './statement-failure.js';
import { copy, isPlainObject, type Item } from './values.js';

const INVALID_PATH = 'The document path provided in the update expression is invalid for update';

function read(item: Item, path: Path): unknown {
  return path.reduce<unknown>(
    (parent, name) => (isPlainObject(parent) && Object.hasOwn(parent, name) ? parent[name] : undefined),
    item,
  );
}

/** A missing attribute differs from every value. */
function isTrue(item: Item, { path, operator, values }: Condition): boolean {
  if (operator === 'IS MISSING') return read(item, path) === undefined;
  const isAmong = values.some((value) => isDeepStrictEqual(read(item, path), value));
  return operator === '<>' ? !isAmong : isAmong;
}

export function holds(item: Item, conditions: readonly Condition[]): boolean {
  return conditions.every((condition) => isTrue(item, condition));
}

function isPrefix(shorter: Path, longer: Path): boolean {
  return shorter.every((name, index) => longer[index] === name);
}

/** Changes must not overlap: the service would have to guess their order. */
export function refuseOverlaps(changes: readonly Change[]): void {
  for (const [index, { path }] of changes.entries()) {
    const other = changes.slice(index + 1).find((later) => isPrefix(path, later.path) || isPrefix(later.path, path));
    if (!other) continue;
    throw invalid(
      `Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [${path.join(', ')}], path two: [${other.path.join(', ')}]`,
    );
  }
}

function newValue(old: Item, change: Exclude<Change, { kind: 'remove' }>): unknown {
  if (change.kind === 'set') return copy(change.value);
  const current = read(old, change.source);
  if (current === undefined) {
    throw invalid('The provided expression refers to an attribute that does not exist in the item');
  }
  if (typeof current !== 'number') throw invalid('An operand in the update expression has an incorrect data type');
  return current + 1;
}

/** The item after the changes. As in DynamoDB, each value is computed from the item before any change. */
export function applyChanges(old: Item, changes: readonly Change[]): Item {
  const updated = copy(old);
  for (const change of changes) {
    const parent = change.path.length === 1 ? updated : read(updated, change.path.slice(0, -1));
    if (!isPlainObject(parent)) throw invalid(INVALID_PATH);
    const name = change.path.at(-1) ?? '';
    if (change.kind === 'remove') Reflect.deleteProperty(parent, name);
    else parent[name] = newValue(old, change);
  }
  return updated;
}
