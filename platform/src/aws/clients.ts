import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** The one method of an SDK client that the system uses, so that a fake can stand in for it. */
export type DynamoDb = Pick<DynamoDBDocumentClient, 'send'>;
export type Sqs = Pick<SQSClient, 'send'>;
export type EventBridge = Pick<EventBridgeClient, 'send'>;

export type AwsClients = {
  dynamo: DynamoDb;
  eventBridge: EventBridge;
  /** Deletes, visibility changes, sends and questions. */
  sqs: Sqs;
  /** Receives only: a long poll holds its connection, and its timeout is longer. */
  polling: Sqs;
  close: () => void;
};

/** The part of a process's environment that its clients are made of. */
type AwsEnv = {
  AWS_REGION: string;
  /** Absent: AWS itself. */
  AWS_ENDPOINT_URL?: string;
  /** Deadline of one attempt of an ordinary request. */
  AWS_REQUEST_TIMEOUT_MS: number;
  /** Longest wait of a poll; its request may take this long and a margin. */
  SQS_WAIT_TIME_SECONDS?: number;
};

const CONNECTION_TIMEOUT_MS = 2_000;
const MAX_ATTEMPTS = 2;
/** What a poll may take beyond its wait. */
export const POLL_MARGIN_MS = 3_000;

/** `requestTimeout` alone only warns: https://github.com/smithy-lang/smithy-typescript/pull/1688 */
function requestHandler(requestTimeoutMs: number): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: Math.min(CONNECTION_TIMEOUT_MS, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
  });
}

export function createAwsClients(env: AwsEnv): AwsClients {
  const base = {
    region: env.AWS_REGION,
    // Explicit, or the host inside a queue URL would win.
    ...(env.AWS_ENDPOINT_URL === undefined ? {} : { endpoint: env.AWS_ENDPOINT_URL }),
    maxAttempts: MAX_ATTEMPTS,
  };
  const common = { ...base, requestHandler: requestHandler(env.AWS_REQUEST_TIMEOUT_MS) };

  const dynamoClient = new DynamoDBClient(common);
  const dynamo = DynamoDBDocumentClient.from(dynamoClient);
  const eventBridge = new EventBridgeClient(common);
  const sqs = new SQSClient(common);
  const pollTimeoutMs = (env.SQS_WAIT_TIME_SECONDS ?? 0) * 1_000 + POLL_MARGIN_MS;
  const polling = new SQSClient({ ...base, maxAttempts: 1, requestHandler: requestHandler(pollTimeoutMs) });

  return {
    dynamo,
    eventBridge,
    sqs,
    polling,
    close: () => {
      for (const client of [dynamoClient, eventBridge, sqs, polling]) client.destroy();
    },
  };
}
