import { invalid } from './statement-failure.js';
import { copy, marshal, type Item } from './values.js';

export type Path = readonly string[];

export type Change =
  | { kind: 'set'; path: Path; value: unknown }
  /** `path` becomes the value at `source`, plus one. */
  | { kind: 'increment'; path: Path; source: Path }
  | { kind: 'remove'; path: Path };

export type Condition = { path: Path; operator: '=' | '<>' | 'IN' | 'IS MISSING'; values: unknown[] };

export type PartiqlStatement =
  | { kind: 'insert'; table: string; item: Item }
  | { kind: 'update'; table: string; changes: Change[]; conditions: Condition[] }
  | { kind: 'delete'; table: string; conditions: Condition[] };

const TABLE = '"(?<table>[^"]+)"';
const PATH = '("[^"]+"(?:\\."[^"]+")*)';
const FIELD = "'([^']+)': \\?";
const CHANGE = `(?:SET ${PATH} = (?:\\?|${PATH} \\+ 1)|REMOVE ${PATH})`;
const CONDITION = `${PATH} (?:(=|<>|IN) (\\?|\\[\\?(?:, \\?)*\\])|(IS MISSING))`;

const INSERT = new RegExp(`^INSERT INTO ${TABLE} VALUE \\{(?<fields>${FIELD}(?:, ${FIELD})*)\\}$`);
const WHERE = ` WHERE (?<conditions>${CONDITION}(?: AND ${CONDITION})*)$`;
const UPDATE = new RegExp(`^UPDATE ${TABLE}(?<changes>(?: ${CHANGE})+)${WHERE}`);
const DELETE = new RegExp(`^DELETE FROM ${TABLE}${WHERE}`);

/** The groups of each match, in the order of the text. */
const partsOf = (pattern: string, text = ''): string[][] =>
  Array.from(text.matchAll(new RegExp(pattern, 'g')), (match) => match.slice(1));

const pathOf = (text: string): Path => text.slice(1, -1).split('"."');

function toChange([set, source, remove]: (string | undefined)[], nextParameter: () => unknown): Change {
  if (remove !== undefined) return { kind: 'remove', path: pathOf(remove) };
  const path = pathOf(set ?? '');
  return source === undefined
    ? { kind: 'set', path, value: nextParameter() }
    : { kind: 'increment', path, source: pathOf(source) };
}

/**
 * Parses the PartiQL that `platform/src/work-item/transitions.ts` writes, and nothing else.
 * @throws StatementFailure when the service would reject it, a plain Error when the fake does not cover it
 */
export function parsePartiql(text: string, parameters: readonly unknown[]): PartiqlStatement {
  const values: unknown[] = parameters.map((parameter) => {
    marshal(parameter);
    return copy(parameter);
  });
  const mismatch = () => invalid("Number of parameters in request and statement don't match.");
  const nextParameter = (): unknown => {
    if (values.length === 0) throw mismatch();
    return values.shift();
  };
  const statement = readStatement(text, nextParameter);
  // The emulators accept surplus parameters, which are always a mistake.
  if (values.length > 0) throw mismatch();
  return statement;
}

function toConditions(text: string | undefined, nextParameter: () => unknown): Condition[] {
  return partsOf(CONDITION, text).map(([path = '', operator, marks = '', isMissing]) => ({
    path: pathOf(path),
    operator: (operator ?? isMissing) as Condition['operator'],
    values: Array.from(marks.matchAll(/\?/g), nextParameter),
  }));
}

function readStatement(text: string, nextParameter: () => unknown): PartiqlStatement {
  const insert = INSERT.exec(text)?.groups;
  if (insert) {
    const item = Object.fromEntries(partsOf(FIELD, insert.fields).map(([name = '']) => [name, nextParameter()]));
    return { kind: 'insert', table: insert.table ?? '', item };
  }
  const deletion = DELETE.exec(text)?.groups;
  if (deletion) {
    const { table = '', conditions } = deletion;
    return { kind: 'delete', table, conditions: toConditions(conditions, nextParameter) };
  }
  const update = UPDATE.exec(text)?.groups;
  if (!update) throw new Error(`The fake's PartiQL does not cover this statement: ${text}`);
  return {
    kind: 'update',
    table: update.table ?? '',
    changes: partsOf(CHANGE, update.changes).map((part) => toChange(part, nextParameter)),
    conditions: toConditions(update.conditions, nextParameter),
  };
}
