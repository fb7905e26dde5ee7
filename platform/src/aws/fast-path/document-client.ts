import { BatchExecuteStatementCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchExecuteStatementCommand as DocumentBatch,
  DynamoDBDocumentClient,
  type BatchExecuteStatementCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { convertToAttr, unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDb } from '../clients.js';

type Options = Parameters<DynamoDBClient['send']>[1];

/**
 * A document client that sends BatchExecuteStatement, which is nearly every call, through a plain client. The plain client
 * can cache its middleware. lib-dynamodb cannot, and it walks each input twice.
 */
export function createDocumentClient(client: DynamoDBClient, statements: DynamoDBClient): DynamoDb {
  const document = DynamoDBDocumentClient.from(client);

  async function execute({ input }: DocumentBatch, options: Options): Promise<BatchExecuteStatementCommandOutput> {
    const output = await statements.send(
      new BatchExecuteStatementCommand({
        ...input,
        Statements: input.Statements?.map((statement) => ({
          ...statement,
          Parameters: statement.Parameters?.map((value) => convertToAttr(value)),
        })),
      }),
      options,
    );
    const responses = output.Responses?.map(({ Error: error, Item: item, ...response }) => ({
      ...response,
      Item: item && unmarshall(item),
      Error: error && { ...error, Item: error.Item && unmarshall(error.Item) },
    }));
    return { ...output, Responses: responses };
  }

  return {
    // The SDK's `send` has overloads for callbacks, which are not supported here.
    send: ((command: DocumentBatch, options: Options) =>
      command instanceof DocumentBatch
        ? execute(command, options)
        : document.send(command, options)) as DynamoDb['send'],
  };
}
