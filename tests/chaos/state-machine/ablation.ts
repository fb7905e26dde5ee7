import type { Statement } from '@orderflow/platform/dynamodb/executor';
import type { Seam } from './world.js';

/** How often an ablation intervened. A run without interventions proves nothing. */
export type Interventions = { statements: number; answers: number };

/** The statement without the first condition that the pattern finds, and without that condition's parameters. */
export function withoutCondition({ text, parameters, key }: Statement, pattern: RegExp): Statement | undefined {
  const where = text.indexOf(' WHERE ');
  const found = pattern.exec(text.slice(where));
  if (!found || where === -1) return undefined;
  const start = where + found.index;
  const marksIn = (part: string): number => part.split('?').length - 1;
  const first = marksIn(text.slice(0, start));
  return {
    key,
    text: text.slice(0, start) + text.slice(start + found[0].length),
    parameters: parameters.toSpliced(first, marksIn(found[0])),
  };
}

/** The first consumer that confirms an outcome removes the marker, although others have not confirmed. */
export function confirmationByOne(interventions: Pick<Interventions, 'statements'>): Seam {
  const one = ' SET "awaiting" = ? ';
  return (executor) => ({
    execute: ({ text, parameters, key }) => {
      const isOne = text.includes(one) && !text.includes('"effects" + 1');
      if (!isOne) return executor.execute({ text, parameters, key });
      interventions.statements++;
      const removed = text.replace(one, ' REMOVE "outboxShard" REMOVE "outboxAt" REMOVE "awaiting" ');
      return executor.execute({ key, text: removed, parameters: parameters.slice(1) });
    },
  });
}

/**
 * Claims without a holder: any copy of a message takes an item that another copy is working on. The statement loses the
 * condition, and a refused claim sees an item without a holder, because claimItem checks that too.
 */
export function claimWithoutHolder(interventions: Interventions): Seam {
  return (executor) => ({
    execute: async (statement) => {
      const stripped = withoutCondition(statement, / AND "holder" IN \[\?, \?\]/);
      if (stripped) interventions.statements++;
      const result = await executor.execute(stripped ?? statement);
      if (result.applied || !result.item?.holder || !statement.text.includes('SET "holder"')) return result;
      interventions.answers++;
      return { applied: false, item: { ...result.item, holder: '' } };
    },
  });
}
