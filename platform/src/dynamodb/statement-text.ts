import type { Statement } from './executor.js';

/** A condition: PartiQL text with its parameters. */
export type Clause = { text: string; parameters: unknown[] };

export const clause = (text: string, ...parameters: unknown[]): Clause => ({ text, parameters });

type Table = { name: string; key: string };

type Change = {
  /** Values by path. Those that are undefined are left out. */
  set: Record<string, unknown>;
  also?: readonly string[];
  where: readonly Clause[];
};

/** Changes one item, if every condition holds. */
export function updateStatement(table: Table, id: string, { set, also = [], where }: Change): Statement {
  const assigned = Object.entries(set).filter(([, value]) => value !== undefined);
  const conditions = [clause(`"${table.key}" = ?`, id), ...where];
  const quoted = (path: string): string => `"${path.replaceAll('.', '"."')}"`;
  return {
    key: id,
    text: [
      `UPDATE "${table.name}"`,
      ...assigned.map(([path]) => `SET ${quoted(path)} = ?`),
      ...also,
      `WHERE ${conditions.map(({ text }) => text).join(' AND ')}`,
    ].join(' '),
    parameters: [...assigned.map(([, value]) => value), ...conditions.flatMap(({ parameters }) => parameters)],
  };
}

/** Deletes one item if every condition holds. An item that does not exist counts as deleted. */
export function deleteStatement(table: Table, id: string, where: readonly Clause[]): Statement {
  const conditions = [clause(`"${table.key}" = ?`, id), ...where];
  return {
    key: id,
    text: `DELETE FROM "${table.name}" WHERE ${conditions.map(({ text }) => text).join(' AND ')}`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

/** Inserts an item that does not exist. Attributes that are undefined are left out. */
export function insertStatement(table: Table, item: Record<string, unknown>): Statement {
  const present = Object.entries(item).filter(([, value]) => value !== undefined);
  return {
    key: String(item[table.key]),
    text: `INSERT INTO "${table.name}" VALUE {${present.map(([name]) => `'${name}': ?`).join(', ')}}`,
    parameters: present.map(([, value]) => value),
  };
}
