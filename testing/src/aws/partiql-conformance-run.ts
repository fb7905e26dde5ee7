import { BatchExecuteStatementCommand, GetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CONFORMANCE_TABLE, ITEM, type ConformanceCase } from './partiql-conformance.js';
import type { Item } from './values.js';

type Outcome = { error: { code: string | undefined; item: Item | undefined } | undefined; after: Item };

/** Runs one case on a new item. Compare the result with `expectedOutcome`. */
export async function runConformanceCase(
  dynamo: Pick<DynamoDBDocumentClient, 'send'>,
  { statement, parameters, absent }: ConformanceCase,
  id: string,
): Promise<Outcome> {
  const send = async (text: string, values: unknown[]) => {
    const output = await dynamo.send(
      new BatchExecuteStatementCommand({
        Statements: [{ Statement: text, Parameters: values, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }],
      }),
    );
    return output.Responses?.[0]?.Error;
  };
  if (!absent) {
    const names = Object.keys(ITEM).map((name) => `, '${name}': ?`);
    await send(`INSERT INTO "${CONFORMANCE_TABLE.TableName}" VALUE {'id': ?${names.join('')}}`, [
      id,
      ...Object.values(ITEM),
    ]);
  }
  const error = await send(
    statement,
    parameters.map((parameter) => (parameter === '$id' ? id : parameter)),
  );
  const { Item: after } = await dynamo.send(
    new GetCommand({ TableName: CONFORMANCE_TABLE.TableName, Key: { id }, ConsistentRead: true }),
  );
  return { error: error && { code: error.Code, item: error.Item }, after: after ?? {} };
}

/** A rejected statement leaves the item unchanged; a failed condition also returns it. */
export function expectedOutcome({ after, error, absent }: ConformanceCase, id: string): Outcome {
  const before = absent ? {} : { ...ITEM, id };
  if (error === undefined) {
    return { error: undefined, after: withoutUndefined({ ...before, id, ...after }) };
  }
  const item = error === 'ConditionalCheckFailed' && !absent ? before : undefined;
  return { error: { code: error, item }, after: before };
}

function withoutUndefined(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}
