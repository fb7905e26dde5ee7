import { isDeepStrictEqual } from 'node:util';
import { CONFORMANCE_CASES, type ConformanceCase as StatementCase } from '@orderflow/testing/aws/partiql-conformance';
import { expectedOutcome, runConformanceCase } from '@orderflow/testing/aws/partiql-conformance-run';
import type { ConformanceCase } from '../conformance-case.js';

function wordsFor({ error, absent, after }: StatementCase): string {
  if (error === 'ConditionalCheckFailed') return absent ? 'refused, no item' : 'refused, shows the item';
  return error ?? (after ? 'applied' : 'applied, changes nothing');
}

/** Runs each statement on a new item. */
function statementCase(statement: StatementCase): ConformanceCase {
  const { ministackAccepts, ministackLeaves } = statement;
  const miniStack =
    ministackAccepts === undefined
      ? ministackLeaves && { shows: `leaves ${JSON.stringify(ministackLeaves.after)}`, why: ministackLeaves.why }
      : { shows: 'accepted', why: ministackAccepts };
  return {
    group: 'Conditional statements',
    name: statement.name,
    aws: statement.aws,
    expected: wordsFor(statement),
    ...(miniStack ? { differs: { MiniStack: miniStack } } : {}),
    observe: async ({ dynamo }, id) => {
      const outcome = await runConformanceCase(dynamo, statement, id);
      const expected = expectedOutcome(statement, id);
      if (isDeepStrictEqual(outcome, expected)) return wordsFor(statement);
      if (expected.error && !outcome.error) return 'accepted';
      if (!isDeepStrictEqual(outcome.error, expected.error)) return JSON.stringify(outcome.error ?? null);
      const wanted = ministackLeaves?.after ?? outcome.after;
      return `leaves ${JSON.stringify(Object.fromEntries(Object.keys(wanted).map((name) => [name, outcome.after[name]])))}`;
    },
  };
}

export const STATEMENTS: ConformanceCase[] = CONFORMANCE_CASES.map(statementCase);
