import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { MeasureCalls } from '../telemetry/aws-calls.js';
import { createDocumentClient } from './fast-path/document-client.js';
import { WireJson10Protocol, WireJson11Protocol } from './fast-path/wire-json.js';

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
  /** Where an endpoint is set; `test` when absent, as LocalStack takes any. */
  AWS_ACCESS_KEY_ID?: string;
  AWS_SECRET_ACCESS_KEY?: string;
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

/**
 * Steps of each call that nothing here uses: the first walks all input and output to make a log line for a logger that
 * nobody has set, the second marks calls that a Lambda function makes, the third describes the SDK to the service.
 */
const UNUSED_MIDDLEWARE = ['loggerMiddleware', 'recursionDetectionMiddleware', 'getUserAgentMiddleware'];

/** A client makes a signer for each call, of a copy of all that it is made of; nothing in it changes between calls. */
export function keepSigner(config: Pick<DynamoDBClient['config'], 'signer'>): void {
  const make = config.signer;
  let made: ReturnType<typeof make> | undefined;
  config.signer = (scheme) => {
    made ??= make(scheme).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/**
 * An endpoint means an emulator, and nothing of the shell or of ~/.aws may decide who asks it and where: in the SDK's
 * default chain a profile wins over the variables, and FIPS or dual-stack settings over the endpoint. What is not given
 * here is looked up there.
 */
function emulatorOf({ AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }: AwsEnv) {
  if (endpoint === undefined) return {};
  return {
    // Explicit, or the host inside a queue URL would win.
    endpoint,
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID ?? 'test', secretAccessKey: AWS_SECRET_ACCESS_KEY ?? 'test' },
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    retryMode: 'standard',
    defaultsMode: 'legacy',
    authSchemePreference: ['sigv4'],
  } satisfies Partial<SQSClientConfig>;
}

export function createAwsClients(env: AwsEnv, measure?: MeasureCalls): AwsClients {
  const base = {
    region: env.AWS_REGION,
    ...emulatorOf(env),
    maxAttempts: MAX_ATTEMPTS,
  };
  const common = { ...base, requestHandler: requestHandler(env.AWS_REQUEST_TIMEOUT_MS) };

  // The steps of a call are put together once per kind of command, not for each call. lib-dynamodb cannot do that: it
  // keeps a command's input in its steps. https://github.com/aws/aws-sdk-js-v3/blob/main/supplemental-docs/CLIENTS.md
  const once = { cacheMiddleware: true };
  const wire10 = { protocol: WireJson10Protocol };
  const documents = new DynamoDBClient(common);
  const statements = new DynamoDBClient({ ...common, ...once, ...wire10 });
  // Whether a body has arrived as it was sent, the connection sees to; whether it is an event, decoding does.
  const queues = { ...once, ...wire10, md5: false as const };
  const eventBridge = new EventBridgeClient({ ...common, ...once, protocol: WireJson11Protocol });
  const sqs = new SQSClient({ ...common, ...queues });
  const pollTimeoutMs = (env.SQS_WAIT_TIME_SECONDS ?? 0) * 1_000 + POLL_MARGIN_MS;
  const polling = new SQSClient({
    ...base,
    ...queues,
    maxAttempts: 1,
    requestHandler: requestHandler(pollTimeoutMs),
  });
  const clients = [documents, statements, eventBridge, sqs, polling];
  for (const client of clients) {
    for (const name of UNUSED_MIDDLEWARE) client.middlewareStack.remove(name);
    keepSigner(client.config);
  }

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
