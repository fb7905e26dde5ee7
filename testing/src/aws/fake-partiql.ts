import { PartiqlReader } from './partiql-reader.js';
import { invalid } from './statement-failure.js';
import type { Item } from './values.js';

export type Path = readonly string[];

export type Change =
  | { kind: 'set'; path: Path; value: unknown }
  | { kind: 'add'; path: Path; source: Path; amount: number }
  | { kind: 'remove'; path: Path };

const COMPARISONS = ['=', '<>', '<=', '>=', '<', '>'] as const;

export type Condition =
  | { path: Path; operator: (typeof COMPARISONS)[number]; value: unknown }
  | { path: Path; operator: 'IN'; values: unknown[] };

export type PartiqlStatement =
  | { kind: 'insert'; table: string; item: Item }
  | { kind: 'update'; table: string; changes: Change[]; conditions: Condition[]; returning: 'OLD' | 'NEW' | undefined }
  | { kind: 'delete'; table: string; conditions: Condition[] };

/** VALUE {'a': ?, 'b': 0} */
function readItem(reader: PartiqlReader): Item {
  const item: Item = {};
  reader.expectSymbol('{');
  do {
    const name = reader.stringLiteral();
    if (Object.hasOwn(item, name)) throw invalid(`Duplicate keys in tuple. Key: ${name} under root`);
    reader.expectSymbol(':');
    item[name] = reader.value();
  } while (reader.takeSymbol(','));
  reader.expectSymbol('}');
  return item;
}

/** `path = ?` or `path = path + ?` */
function readAssignment(reader: PartiqlReader): Change {
  const path = reader.path();
  reader.expectSymbol('=');
  if (!reader.nextIsPath()) return { kind: 'set', path, value: reader.value() };
  const source = reader.path();
  const sign = reader.takeSymbol('+') ? 1 : reader.takeSymbol('-') ? -1 : undefined;
  if (sign === undefined) throw reader.unsupported('+ or -');
  const amount = reader.value();
  if (typeof amount !== 'number') throw invalid('An operand in the update expression has an incorrect data type');
  return { kind: 'add', path, source, amount: sign * amount };
}

function readChanges(reader: PartiqlReader): Change[] {
  const changes: Change[] = [];
  for (;;) {
    if (reader.takeWord('SET')) {
      do changes.push(readAssignment(reader));
      while (reader.takeSymbol(','));
    } else if (reader.takeWord('REMOVE')) {
      // One path each: the service refuses a list here.
      changes.push({ kind: 'remove', path: reader.path() });
    } else if (changes.length > 0) {
      return changes;
    } else {
      throw reader.unsupported('SET or REMOVE');
    }
  }
}

function readCondition(reader: PartiqlReader): Condition {
  const path = reader.path();
  if (reader.takeWord('IN')) {
    const values: unknown[] = [];
    reader.expectSymbol('[');
    do values.push(reader.value());
    while (reader.takeSymbol(','));
    reader.expectSymbol(']');
    return { path, operator: 'IN', values };
  }
  const operator = COMPARISONS.find((symbol) => reader.takeSymbol(symbol));
  if (operator === undefined) throw reader.unsupported('a comparison');
  const value = reader.value();
  if (operator !== '=' && operator !== '<>' && typeof value !== 'string' && typeof value !== 'number') {
    throw invalid(`Incorrect operand type for operator or function; operator or function: ${operator}`);
  }
  return { path, operator, value };
}

function readConditions(reader: PartiqlReader): Condition[] {
  const conditions: Condition[] = [];
  reader.expectWord('WHERE');
  do conditions.push(readCondition(reader));
  while (reader.takeWord('AND'));
  return conditions;
}

/** RETURNING ALL NEW * */
function readReturning(reader: PartiqlReader): 'OLD' | 'NEW' | undefined {
  if (!reader.takeWord('RETURNING')) return undefined;
  reader.expectWord('ALL');
  const which = reader.takeWord('NEW') ? 'NEW' : 'OLD';
  if (which === 'OLD') reader.expectWord('OLD');
  reader.expectSymbol('*');
  return which;
}

function readStatement(reader: PartiqlReader): PartiqlStatement {
  if (reader.takeWord('INSERT')) {
    reader.expectWord('INTO');
    const table = reader.tableName();
    reader.expectWord('VALUE');
    return { kind: 'insert', table, item: readItem(reader) };
  }
  if (reader.takeWord('UPDATE')) {
    const table = reader.tableName();
    const changes = readChanges(reader);
    return { kind: 'update', table, changes, conditions: readConditions(reader), returning: readReturning(reader) };
  }
  if (reader.takeWord('DELETE')) {
    reader.expectWord('FROM');
    return { kind: 'delete', table: reader.tableName(), conditions: readConditions(reader) };
  }
  throw reader.unsupported('INSERT, UPDATE or DELETE');
}

/**
 * The part of DynamoDB's PartiQL that the system uses and that LocalStack, MiniStack and AWS agree on.
 * @throws StatementFailure for what the service refuses, a plain Error naming the statement for what is not covered.
 */
export function parsePartiql(text: string, parameters: readonly unknown[]): PartiqlStatement {
  const reader = new PartiqlReader(text, parameters);
  const statement = readStatement(reader);
  reader.expectEnd();
  return statement;
}
