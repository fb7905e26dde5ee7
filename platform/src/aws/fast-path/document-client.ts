import { BatchExecuteStatementCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchExecuteStatementCommand as DocumentBatch,
  DynamoDBDocumentClient,
  type BatchExecuteStatementCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { toAttributeValue } from './attribute-values.js';
import type { DynamoDb } from '../clients.js';

type Options = Parameters<DynamoDBClient['send']>[1];

/**
 * A document client whose BatchExecuteStatement, which is what nearly every call is, goes by the plain client: that puts
 * a call's steps together once, where lib-dynamodb keeps the command's input in them and walks it twice besides. The
 * values are the same. Answers hold `Responses` with errors and items of theirs.
 */
export function createDocumentClient(client: DynamoDBClient, statements: DynamoDBClient): DynamoDb {
  const document = DynamoDBDocumentClient.from(client);

  async function execute({ input }: DocumentBatch, options: Options): Promise<BatchExecuteStatementCommandOutput> {
    const output = await statements.send(
      new BatchExecuteStatementCommand({
        ...input,
        Statements: input.Statements?.map((statement) => ({
          ...statement,
          Parameters: statement.Parameters?.map(toAttributeValue),
        })),
      }),
      options,
    );
    const responses = output.Responses?.map(({ Error: error, Item: item, ...response }) => ({
      ...response,
      ...(item ? { Item: unmarshall(item) } : {}),
      ...(error ? { Error: { ...error, Item: error.Item && unmarshall(error.Item) } } : {}),
    }));
    return { ...output, Responses: responses };
  }

  return {
    // The SDK's `send` is overloaded for callbacks, which nothing here uses.
    send: ((command: DocumentBatch, options: Options) =>
      command instanceof DocumentBatch
        ? execute(command, options)
        : document.send(command, options)) as DynamoDb['send'],
  };
}
