import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '@orderflow/platform/aws/clients';

const PAGE = 1_000;

/** The items of a table, page by page, with the named attributes. Strongly consistent, each item at its own time. */
export async function* scanTable(
  dynamo: DynamoDb,
  table: string,
  attributes: readonly string[],
): AsyncGenerator<Record<string, unknown>[]> {
  let startKey: Record<string, unknown> | undefined;
  do {
    const page: ScanCommandOutput = await dynamo.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        Limit: PAGE,
        // Each by a placeholder: some are reserved words.
        ProjectionExpression: attributes.map((_, index) => `#a${index}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(attributes.map((name, index) => [`#a${index}`, name])),
        ...(startKey ? { ExclusiveStartKey: startKey } : {}),
      }),
    );
    yield page.Items ?? [];
    startKey = page.LastEvaluatedKey;
  } while (startKey);
}
