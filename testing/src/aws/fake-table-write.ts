import type { Condition, PartiqlStatement } from './fake-partiql.js';
import type { FakeTable } from './fake-table.js';
import { applyChanges, holds, refuseOverlaps } from './partiql-apply.js';
import { conditionFailed, invalid, StatementFailure } from './statement-failure.js';
import type { Item } from './values.js';

/** The item named by the WHERE clause: equality on each attribute of the key. */
function keyTextOf(table: FakeTable, conditions: readonly Condition[]): string {
  const key: Item = {};
  for (const name of table.keyNames) {
    const equality = conditions.find(({ path, operator }) => operator === '=' && path.length === 1 && path[0] === name);
    if (equality?.operator !== '=') {
      throw invalid('Where clause does not contain a mandatory equality on all key attributes');
    }
    key[name] = equality.value;
  }
  return table.keyText(key);
}

/** Which item a statement writes: a batch may hold each only once. */
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

function update(table: FakeTable, statement: Extract<PartiqlStatement, { kind: 'update' }>): Item | undefined {
  const { changes, conditions, returning } = statement;
  const keyChange = changes.find(({ path }) => table.keyNames.includes(path[0] ?? ''));
  if (keyChange) {
    throw invalid(
      `One or more parameter values were invalid: Cannot update attribute ${keyChange.path.join('.')}. This attribute is part of the key`,
    );
  }
  refuseOverlaps(changes);
  const old = table.get(keyTextOf(table, conditions));
  if (!old) throw conditionFailed();
  // The condition decides before any value is computed.
  if (!holds(old, conditions)) throw conditionFailed(old);
  const updated = applyChanges(old, changes);
  table.put(updated);
  return returning && (returning === 'NEW' ? updated : old);
}

/** Deleting what does not exist succeeds, whatever the further conditions. */
function remove(table: FakeTable, conditions: readonly Condition[]): void {
  const keyText = keyTextOf(table, conditions);
  const old = table.get(keyText);
  if (!old) return;
  if (!holds(old, conditions)) throw conditionFailed(old);
  table.delete(keyText);
}

/**
 * Applies the statement, or nothing of it.
 * @returns the item that a RETURNING clause asked for
 * @throws StatementFailure
 */
export function applyStatement(table: FakeTable, statement: PartiqlStatement): Item | undefined {
  if (statement.kind === 'update') return update(table, statement);
  if (statement.kind === 'insert') insert(table, statement.item);
  else remove(table, statement.conditions);
  return undefined;
}
