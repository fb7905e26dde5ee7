/** LocalStack with the topology that its hook deployed, and views of that topology. */
import { DescribeTableCommand, DynamoDBClient, type KeySchemaElement } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { resourceNames } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { request } from '../../tools/local/ask.mjs';
import { signedBy } from './guard/raw-request.js';
import { startLocalStack } from './localstack.js';

/** Well-formed, but DynamoDB refuses the table. */
export const TABLE_WITHOUT_KEY = `
Parameters: { Stage: { Type: String, Default: local } }
Resources:
  BrokenTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub \${Stage}-broken
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: RANGE }]
`;

const keysOf = (schema: KeySchemaElement[] | undefined) => schema?.map(({ AttributeName }) => AttributeName);

export async function startHookedLocalStack(stage: string, files: Record<string, string>) {
  const localstack = await startLocalStack({ environment: { STAGE: stage }, files });
  const dynamo = new DynamoDBClient(localstack.aws);
  const events = new EventBridgeClient(localstack.aws);
  const sqs = new SQSClient(localstack.aws);

  async function urlOf(queue: string): Promise<string> {
    const { QueueUrl: url } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
    return url!;
  }

  async function attributesOf(queue: string) {
    const { Attributes: attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await urlOf(queue), AttributeNames: ['All'] }),
    );
    return attributes;
  }

  async function tableShape(table: string) {
    const { Table: shape } = await dynamo.send(new DescribeTableCommand({ TableName: table }));
    return {
      key: keysOf(shape?.KeySchema),
      billing: shape?.BillingModeSummary?.BillingMode,
      indexes: Object.fromEntries(
        shape?.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema }) => [IndexName!, keysOf(KeySchema)]) ?? [],
      ),
      projections: new Set(shape?.GlobalSecondaryIndexes?.map(({ Projection }) => Projection?.ProjectionType)),
    };
  }

  async function rulesOf(stage: string) {
    const { Rules: rules = [] } = await events.send(new ListRulesCommand({ EventBusName: resourceNames(stage).bus }));
    return rules.map(({ Name }) => Name).sort();
  }

  /** An element of IAM's answer. */
  async function iam(action: string, element: string, parameters: Record<string, string>): Promise<string> {
    const [name = '', authorization = ''] = signedBy('test', 'iam').split(': ');
    const answer = await request(localstack.aws.endpoint, {
      method: 'POST',
      headers: { [name]: authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString(),
    });
    const found = new RegExp(`<${element}>([^<]*)<`).exec(answer?.body ?? '')?.[1];
    if (found === undefined) throw new Error(`${action} has no ${element}: ${answer?.body ?? ''}`);
    return found;
  }

  /** The actions of the first statement of a managed policy. */
  async function firstActionsOf(policy: string): Promise<unknown> {
    const PolicyArn = `arn:aws:iam::000000000000:policy/${policy}`;
    const VersionId = await iam('GetPolicy', 'DefaultVersionId', { PolicyArn });
    const document = await iam('GetPolicyVersion', 'Document', { PolicyArn, VersionId });
    const { Statement: statements } = JSON.parse(decodeURIComponent(document)) as { Statement: { Action: unknown }[] };
    return statements[0]?.Action;
  }

  /** Source and type of the next `count` events in a queue. */
  async function receive(queue: string, count: number): Promise<string[]> {
    const QueueUrl = await urlOf(queue);
    const received: string[] = [];
    return eventually(async () => {
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      for (const { Body: body, ReceiptHandle } of messages) {
        const event = JSON.parse(body!) as { source: string; 'detail-type': string };
        received.push(`${event.source} ${event['detail-type']}`);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return received.length >= count ? received.sort() : undefined;
    }, `${count} messages in ${queue}`);
  }

  return {
    events,
    runHook: (env?: Record<string, string>) => localstack.runHook(env),
    attributesOf,
    tableShape,
    firstActionsOf,
    rulesOf,
    receive,
    dispose: async () => {
      for (const client of [dynamo, events, sqs]) client.destroy();
      await localstack.dispose();
    },
  };
}
