import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { ProcessEnv } from '../runtime/config.js';
import type { MeasureCalls } from '../telemetry/aws-calls.js';
import { createDocumentClient, removeUnusedMiddleware, wireJson10, wireJson11 } from './fast-path/fast-path.js';

/** Ports of one method, so that a fake can replace a client. */
export type DynamoDb = Pick<DynamoDBDocumentClient, 'send'>;
export type Sqs = Pick<SQSClient, 'send'>;
export type EventBridge = Pick<EventBridgeClient, 'send'>;

export type AwsClients = {
  dynamo: DynamoDb;
  eventBridge: EventBridge;
  /** Everything but receives. */
  sqs: Sqs;
  /** Receives only: a long poll holds a connection and needs a longer timeout. */
  polling: Sqs;
  close: () => void;
};

/** The variables that configure the clients. */
type AwsEnv = Pick<ProcessEnv, `AWS_${'REGION' | 'ENDPOINT_URL' | 'ACCESS_KEY_ID' | 'SECRET_ACCESS_KEY'}`> & {
  /** Deadline of one try of an ordinary request. */
  AWS_REQUEST_TIMEOUT_MS: number;
  /** Longest wait of a poll; its request gets POLL_MARGIN_MS more. */
  SQS_WAIT_TIME_SECONDS?: number;
};

const CONNECTION_TIMEOUT_MS = 2_000;
const MAX_ATTEMPTS = 2;
export const POLL_MARGIN_MS = 3_000;

/** `requestTimeout` alone only warns: https://github.com/smithy-lang/smithy-typescript/pull/1688 */
function requestHandler(requestTimeoutMs: number): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: Math.min(CONNECTION_TIMEOUT_MS, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
  });
}

/**
 * Options for an emulator, which nothing in the shell or in ~/.aws may change. The SDK looks up each option that is missing
 * here: a profile would override the key, and FIPS or dual-stack settings the endpoint.
 */
function emulatorOf({ AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }: AwsEnv) {
  if (endpoint === undefined) return {};
  return {
    // Explicit: otherwise the SDK uses the host in a queue URL.
    endpoint,
    // LocalStack accepts any key.
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID ?? 'test', secretAccessKey: AWS_SECRET_ACCESS_KEY ?? 'test' },
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    retryMode: 'standard',
    defaultsMode: 'legacy',
    authSchemePreference: ['sigv4'],
  } satisfies Partial<SQSClientConfig>;
}

export function createAwsClients(env: AwsEnv, measure?: MeasureCalls): AwsClients {
  const base = { region: env.AWS_REGION, ...emulatorOf(env), maxAttempts: MAX_ATTEMPTS };
  const common = { ...base, requestHandler: requestHandler(env.AWS_REQUEST_TIMEOUT_MS) };
  // Resolves a command's middleware once per class. lib-dynamodb cannot: its middleware holds the command's input.
  // https://github.com/aws/aws-sdk-js-v3/blob/main/supplemental-docs/CLIENTS.md
  const once = { cacheMiddleware: true };
  // MD5 checks are off: TCP and TLS already protect the body, and `decodeEvent` validates its content.
  const queues = { ...once, ...wireJson10, md5: false as const };

  const documents = new DynamoDBClient(common);
  const statements = new DynamoDBClient({ ...common, ...once, ...wireJson10 });
  const eventBridge = new EventBridgeClient({ ...common, ...once, ...wireJson11 });
  const sqs = new SQSClient({ ...common, ...queues });
  const pollTimeoutMs = (env.SQS_WAIT_TIME_SECONDS ?? 0) * 1_000 + POLL_MARGIN_MS;
  const polling = new SQSClient({ ...base, ...queues, maxAttempts: 1, requestHandler: requestHandler(pollTimeoutMs) });
  const clients = [documents, statements, eventBridge, sqs, polling];
  for (const client of clients) removeUnusedMiddleware(client);

  if (measure) {
    const options = { step: 'initialize', name: 'measureCalls' } as const;
    for (const client of [documents, statements]) client.middlewareStack.add(measure('DynamoDB'), options);
    eventBridge.middlewareStack.add(measure('EventBridge'), options);
    for (const client of [sqs, polling]) client.middlewareStack.add(measure('SQS'), options);
  }

  return {
    dynamo: createDocumentClient(documents, statements),
    eventBridge,
    sqs,
    polling,
    close: () => {
      for (const client of clients) client.destroy();
    },
  };
}
