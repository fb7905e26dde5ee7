import { BatchExecuteStatementCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';

/** One conditional PartiQL statement on one item. `key` names the item: no batch may hold a key twice. */
export type Statement = { key: string; text: string; parameters: unknown[] };

/** Refused: the condition did not hold, or the item exists already; `item` is how it stands, where the service tells. */
export type StatementResult = { applied: true } | { applied: false; item: Record<string, unknown> | undefined };

/** The only way to the tables' write side. @throws the service's error when it could neither apply nor refuse. */
export type StatementExecutor = { execute(statement: Statement): Promise<StatementResult> };

const REFUSALS = new Set(['ConditionalCheckFailed', 'DuplicateItem']);

/** A statement's own error inside a batch whose call succeeded. */
class StatementError extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** Sends each statement by itself. */
export function createStatementExecutor(dynamo: DynamoDb): StatementExecutor {
  return {
    async execute({ text, parameters }) {
      const { Responses: responses } = await dynamo.send(
        new BatchExecuteStatementCommand({
          Statements: [{ Statement: text, Parameters: parameters, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }],
        }),
      );
      const [response] = responses ?? [];
      if (!response) throw new StatementError('NoResponse', 'the service answered without an outcome');
      const { Error: error } = response;
      if (!error) return { applied: true };
      const code = error.Code ?? 'UnknownError';
      if (REFUSALS.has(code)) return { applied: false, item: error.Item };
      throw new StatementError(code, error.Message ?? 'the statement failed without a message');
    },
  };
}
