import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The SDK's default is 50, for which a call per step and message would queue. */
const MAX_SOCKETS = 256;

export function createClients({ AWS_REGION, AWS_ENDPOINT_URL }: { AWS_REGION: string; AWS_ENDPOINT_URL?: string }) {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const common = {
    region: AWS_REGION,
    // Explicit, or the host inside a queue URL would win.
    ...(AWS_ENDPOINT_URL === undefined ? {} : { endpoint: AWS_ENDPOINT_URL }),
    requestHandler: { httpAgent: agent, httpsAgent: agent },
  };
  return {
    dynamo: DynamoDBDocumentClient.from(new DynamoDBClient(common)),
    eventBridge: new EventBridgeClient(common),
    sqs: new SQSClient(common),
  };
}
