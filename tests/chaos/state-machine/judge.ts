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
  /** The version that the actor last saw; undefined if the statement does not depend on it. */
  knownVersion: number | undefined;
};

type Ruling = { result: StatementResult; before: State; after: State };

export type Judge = {
  state: () => State;
  /** The item in the table. */
  item: () => Item;
  /** @throws Violation when the answer or the effect of a statement differs from the model */
  rule: (sent: Sent, now: number) => Promise<Ruling>;
};

type JudgeOptions = {
  subject: Subject;
  rules: Rules;
  /** The item that was inserted. */
  record: Item;
  executor: StatementExecutor;
  readItem: () => Promise<Item | undefined>;
};

/** Executes the statements on one item one after the other, and compares each with the model. */
export function createJudge({ subject, rules, record, executor, readItem }: JudgeOptions): Judge {
  const { table } = subject;
  const facts = factsOf(record);
  let item = record;
  let state = stateOf(record, table);

  function demandAgreement(found: Item, expected: State, when: string): void {
    const actual = stateOf(found, table);
    demand(isDeepStrictEqual(actual, expected), `the item is as the model says ${when}`, { actual, expected });
    demand(isDeepStrictEqual(factsOf(found), facts), 'no statement changes what was accepted', { found });
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
        demand(
          expected === undefined || isStale,
          'a statement succeeds if the model allows it and the actor has seen the current version',
          {
            action,
            before,
          },
        );
        return { result, before, after: before };
      }

      const found = await readItem();
      demand(found !== undefined, 'an item never disappears', { action });
      const after = stateOf(found!, table);
      demandPromises(before, after, action, now, rules);
      demand(expected !== undefined, 'the model allows what the table applied', { action, before, after });
      demandAgreement(found!, expected!, 'when a statement is applied');
      item = found!;
      state = expected!;
      return { result, before, after };
    },
  };
}
