import type { Condition, PartiqlStatement } from './fake-partiql.js';
import type { FakeTable } from './fake-table.js';
import { applyChanges, holds, refuseOverlaps } from './partiql-apply.js';
import { conditionFailed, invalid, StatementFailure } from './statement-failure.js';
import type { Item } from './values.js';

/** The key that the WHERE clause names, with an equality on each key attribute. */
function keyTextOf(table: FakeTable, conditions: readonly Condition[]): string {
  const key: Item = {};
  for (const name of table.keyNames) {
    const equality = conditions.find(({ path, operator }) => operator === '=' && path.length === 1 && path[0] === name);
    if (!equality) throw invalid('Where clause does not contain a mandatory equality on all key attributes');
    key[name] = equality.values[0];
  }
  return table.keyText(key);
}

/** The key of the item that a statement writes. A batch must not contain a key twice. */
export function targetOf(table: FakeTable, statement: PartiqlStatement): string {
  return statement.kind === 'insert' ? table.keyText(statement.item) : keyTextOf(table, statement.conditions);
}

function insert(table: FakeTable, item: Item): void {
  table.check(item);
  if (table.get(table.keyText(item))) {
    throw new StatementFailure('DuplicateItem', 'Duplicate primary key exists in table');
  }
  table.put(item);
}

function update(table: FakeTable, { changes, conditions }: Extract<PartiqlStatement, { kind: 'update' }>): void {
  const keyChange = changes.find(({ path }) => table.keyNames.includes(path[0] ?? ''));
  if (keyChange) {
    throw invalid(
      `One or more parameter values were invalid: Cannot update attribute ${keyChange.path.join('.')}. This attribute is part of the key`,
    );
  }
  refuseOverlaps(changes);
  const old = table.get(keyTextOf(table, conditions));
  if (!old) throw conditionFailed();
  // Values are computed only after the condition has passed.
  if (!holds(old, conditions)) throw conditionFailed(old);
  table.put(applyChanges(old, changes));
}

/** Deleting an item that does not exist succeeds, whatever the condition. */
function remove(table: FakeTable, conditions: readonly Condition[]): void {
  const key = keyTextOf(table, conditions);
  const old = table.get(key);
  if (old && !holds(old, conditions)) throw conditionFailed(old);
  table.remove(key);
}

/**
 * Applies the whole statement or nothing.
 * @throws StatementFailure
 */
export function applyStatement(table: FakeTable, statement: PartiqlStatement): void {
  if (statement.kind === 'insert') insert(table, statement.item);
  else if (statement.kind === 'update') update(table, statement);
  else remove(table, statement.conditions);
}
