import { BatchExecuteStatementCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Target } from '../conformance-case.js';

type Request = [text: string, parameters: unknown[]];

export const orders = ({ names }: Target) => `"${names.ordersTable}"`;
export const insert = (target: Target, id: string): Request => [
  `INSERT INTO ${orders(target)} VALUE {'orderId': ?, 'status': ?, 'version': ?}`,
  [id, 'PENDING', 1],
];
export const update = (target: Target, id: string, version: number): Request => [
  `UPDATE ${orders(target)} SET "version" = "version" + 1 WHERE "orderId" = ? AND "version" = ?`,
  [id, version],
];

export function batchOf(requests: readonly Request[], returned?: 'ALL_OLD') {
  return new BatchExecuteStatementCommand({
    Statements: requests.map(([Statement, Parameters]) => ({
      Statement,
      Parameters,
      ReturnValuesOnConditionCheckFailure: returned,
    })),
  });
}

/** The result of each statement: `ok` or its error code, with `+item` if the item is returned. */
export async function outcomesOf({ dynamo }: Target, command: BatchExecuteStatementCommand): Promise<string> {
  const { Responses: responses = [] } = await dynamo.send(command);
  return responses
    .map(({ Error: error }) => (error ? `${error.Code ?? '?'}${error.Item ? '+item' : ''}` : 'ok'))
    .join(', ');
}

export const batch = (target: Target, ...requests: Request[]) => outcomesOf(target, batchOf(requests));

export async function versionOf({ dynamo, names }: Target, id: string): Promise<unknown> {
  const key = { TableName: names.ordersTable, Key: { orderId: id }, ConsistentRead: true };
  return (await dynamo.send(new GetCommand(key))).Item?.version;
}
