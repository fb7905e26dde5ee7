import { isDeepStrictEqual } from 'node:util';
import type { Statement, StatementExecutor, StatementResult } from '@orderflow/platform/dynamodb/executor';
import { next, type Action, type Rules, type State } from './model.js';
import { demandPromises } from './promises.js';
import { factsOf, stateOf } from './stored.js';
import type { Item, Subject } from './subjects.js';
import { demand } from './violation.js';

/** A statement on its way to the table. */
export type Sent = {
  statement: Statement;
  action: Action;
  /** The version of the item that whoever made the statement went by; undefined where it does not matter. */
  knownVersion: number | undefined;
};

type Ruling = { result: StatementResult; before: State; after: State };

export type Judge = {
  state: () => State;
  /** The item as it stands in the table. */
  item: () => Item;
  /** @throws Violation when the table's answer, or what it did, is not what the model says */
  rule: (sent: Sent, now: number) => Promise<Ruling>;
};

type JudgeOptions = {
  subject: Subject;
  rules: Rules;
  /** Has been inserted. */
  record: Item;
  executor: StatementExecutor;
  readItem: () => Promise<Item | undefined>;
};

/** Lets the statements on one item through to the table, one after the other, and holds each against the model. */
export function createJudge({ subject, rules, record, executor, readItem }: JudgeOptions): Judge {
  const { table } = subject;
  const facts = factsOf(record);
  let item = record;
  let state = stateOf(record, table);

  function demandAgreement(found: Item, expected: State, when: string): void {
    const actual = stateOf(found, table);
    demand(isDeepStrictEqual(actual, expected), `the item is as the model says ${when}`, { actual, expected });
    demand(isDeepStrictEqual(factsOf(found), facts), 'what was accepted stays as it was', { found });
  }

  return {
    state: () => state,
    item: () => item,
    rule: async ({ statement, action, knownVersion }, now) => {
      const before = state;
      const expected = next(before, action, rules);
      const result = await executor.execute(statement);

      if (!result.applied) {
        if (result.item) demandAgreement(result.item, before, 'when a statement is refused');
        demand(result.item !== undefined || action.kind === 'insert', 'an item never disappears', { action });
        const isStale = knownVersion !== undefined && knownVersion !== before.version;
        demand(expected === undefined || isStale, 'who knows the item as it stands gets what is due', {
          action,
          before,
        });
        return { result, before, after: before };
      }

      const found = await readItem();
      demand(found !== undefined, 'an item never disappears', { action });
      const after = stateOf(found!, table);
      demandPromises(before, after, action, now, rules);
      demand(expected !== undefined, 'the model refuses what the table applied', { action, before, after });
      demandAgreement(found!, expected!, 'when a statement is applied');
      item = found!;
      state = expected!;
      return { result, before, after };
    },
  };
}
