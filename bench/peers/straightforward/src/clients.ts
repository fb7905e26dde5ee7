import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** With the SDK's default of 50, calls would queue. */
const MAX_SOCKETS = 256;

export function createClients({ AWS_REGION, AWS_ENDPOINT_URL }: { AWS_REGION: string; AWS_ENDPOINT_URL?: string }) {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const common = {
    region: AWS_REGION,
    // Explicit: otherwise the SDK uses the host in a queue URL.
    endpoint: AWS_ENDPOINT_URL,
    requestHandler: { httpAgent: agent, httpsAgent: agent },
  };
  return {
    dynamo: DynamoDBDocumentClient.from(new DynamoDBClient(common)),
    eventBridge: new EventBridgeClient(common),
    sqs: new SQSClient(common),
  };
}
