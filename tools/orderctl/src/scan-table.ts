import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '@orderflow/platform/aws/clients';

const PAGE = 1_000;

/** Scans a table, with the named attributes or all. Strongly consistent unless `lagging`, which costs half. */
export async function* scanTable(
  dynamo: DynamoDb,
  table: string,
  attributes: readonly string[] = [],
  { lagging = false } = {},
): AsyncGenerator<Record<string, unknown>[]> {
  // Use placeholders, because some names are reserved words.
  const projection = {
    ProjectionExpression: attributes.map((_, index) => `#a${index}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map((name, index) => [`#a${index}`, name])),
  };
  let startKey: Record<string, unknown> | undefined;
  do {
    const page: ScanCommandOutput = await dynamo.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: !lagging,
        Limit: PAGE,
        ...(attributes.length > 0 ? projection : {}),
        ExclusiveStartKey: startKey,
      }),
    );
    yield page.Items ?? [];
    startKey = page.LastEvaluatedKey;
  } while (startKey);
}
