import { createBatcher } from '@orderflow/platform/runtime/batching';
import type { Statement, StatementExecutor, StatementResult } from '@orderflow/platform/dynamodb/executor';
import { toAttributeValue, toPlainObject, type AttributeValue } from './attribute-values.js';
import type { CallAws } from './call-aws.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html */
const MAX_STATEMENTS = 25;
const REFUSALS = new Set(['ConditionalCheckFailed', 'DuplicateItem']);

type Answer = {
  Responses: { Error?: { Code: string; Message?: string; Item?: Record<string, AttributeValue> } }[];
};

/** Group commit of conditional statements. Each has its own outcome. */
export function createStatements(callAws: CallAws, concurrency: number): StatementExecutor {
  const batcher = createBatcher<Statement, StatementResult>({
    maxItems: MAX_STATEMENTS,
    concurrency,
    capacity: Infinity,
    send: async (statements) => {
      const { Responses: responses } = await callAws<Answer>('dynamodb', 'BatchExecuteStatement', {
        Statements: statements.map(({ text, parameters }) => ({
          Statement: text,
          Parameters: parameters.map(toAttributeValue),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        })),
      });
      return responses.map(({ Error: error }) => {
        if (!error) return { result: { applied: true } };
        if (!REFUSALS.has(error.Code)) return { error: new Error(`${error.Code}: ${error.Message ?? ''}`) };
        return { result: { applied: false, item: error.Item && toPlainObject(error.Item) } };
      });
    },
  });

  /** The last statement in flight per key. A batch must not contain a key twice. */
  const underway = new Map<string, Promise<unknown>>();
  return {
    execute: (statement) => {
      const { key } = statement;
      const before = underway.get(key);
      const result = before ? before.then(() => batcher.submit(statement)) : batcher.submit(statement);
      const settled = result
        .catch(() => undefined)
        .finally(() => {
          if (underway.get(key) === settled) underway.delete(key);
        });
      underway.set(key, settled);
      return result;
    },
  };
}
