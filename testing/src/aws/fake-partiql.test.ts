import { describe, expect, it } from '@jest/globals';
import { createFakeDynamoDb } from './fake-dynamodb.js';
import { parsePartiql } from './fake-partiql.js';
import { expectedOutcome, runConformanceCase } from './partiql-conformance-run.js';
import { CONFORMANCE_CASES, CONFORMANCE_TABLE } from './partiql-conformance.js';

describe('PartiQL that the system relies on', () => {
  it.each(CONFORMANCE_CASES.map((conformanceCase) => [conformanceCase.name, conformanceCase] as const))(
    '%s',
    async (_name, conformanceCase) => {
      const dynamo = createFakeDynamoDb({ tables: [CONFORMANCE_TABLE] });
      expect(await runConformanceCase(dynamo, conformanceCase, 'a')).toEqual(expectedOutcome(conformanceCase, 'a'));
    },
  );
});

describe('PartiQL that the fake does not support', () => {
  it.each([
    'SELECT * FROM "t" WHERE "id" = ?',
    'DELETE FROM "t" WHERE "id" = ? RETURNING ALL OLD *',
    'UPDATE t SET "a" = ? WHERE "id" = ?',
    'UPDATE "t" SET a = ? WHERE "id" = ?',
    'UPDATE "t" SET "a" = 1 WHERE "id" = ?',
    'UPDATE "t" SET "a" = "b" WHERE "id" = ?',
    'UPDATE "t" SET "a" = ? REMOVE "b", "c" WHERE "id" = ?',
    'UPDATE "t" SET "a" = list_append("a", ?) WHERE "id" = ?',
    'UPDATE "t" SET "a" = ? WHERE "id" = ? AND ("b" = ? OR "b" = ?)',
    'UPDATE "t" SET "a" = ? WHERE "id" = ? AND "b" < ?',
    'UPDATE "t" SET "a" = ? WHERE "id" = ? OR "id" = ?',
    'UPDATE "t" SET "a" = ? WHERE "id" = ? AND "b" IN []',
    'UPDATE "t" SET "a" = ? WHERE "id" = ? AND attribute_exists("b")',
    'UPDATE "t" SET "a" = ? WHERE "id" = ? RETURNING ALL NEW *',
    'UPDATE "t" WHERE "id" = ?',
    'UPDATE "t" SET "a" = ?',
    `INSERT INTO "t" VALUE {'id': ?, 'n': 1}`,
    'INSERT INTO "t" VALUE {"id": ?}',
    'INSERT INTO "t" VALUE ?',
  ])('throws and names the statement: %s', (statement) => {
    expect(() => parsePartiql(statement, ['x', 'y'])).toThrow(`does not cover this statement: ${statement}`);
  });
});

describe('parameters', () => {
  it('must not be too many, although the emulators accept that', () => {
    expect(() => parsePartiql('UPDATE "t" SET "a" = ? WHERE "id" = ?', ['x', 'y', 'z'])).toThrow("don't match");
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'removeUndefinedValues'],
    ['undefined in a map', { a: undefined }, 'removeUndefinedValues'],
    ['undefined in a list', [undefined], 'removeUndefinedValues'],
    ['NaN', NaN, 'Special numeric value NaN'],
    ['a number that loses digits', 2 ** 60, 'MAX_SAFE_INTEGER'],
    ['a Date', new Date(0), 'Unsupported type'],
    ['a class instance', new URL('http://localhost'), 'Unsupported type'],
    ['a function', () => 1, 'Unsupported type'],
    ['a Set', new Set(['a']), 'Unsupported type'],
  ])('are rejected if the marshaller rejects them: %s', (_name, parameter, message) => {
    expect(() => parsePartiql('UPDATE "t" SET "a" = ? WHERE "id" = ?', [parameter, 'x'])).toThrow(message);
  });
});
