/** The parts of the protocol that the proxy uses: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */

export type AwsService = 'DynamoDB' | 'SQS' | 'EventBridge' | 'ECS';

type PutEventsEntry = { DetailType?: string; Detail?: string };
type BatchStatement = { Statement?: string };
export type SqsMessage = {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes?: Record<string, string>;
};

/** The members of a call's body that faults need. */
export type AwsRequest = {
  QueueUrl?: string;
  MaxNumberOfMessages?: number;
  Entries?: PutEventsEntry[];
  Statements?: BatchStatement[];
  [member: string]: unknown;
};

/** The target header's prefixes. */
const SERVICES: Record<string, AwsService> = {
  DynamoDB_20120810: 'DynamoDB',
  AmazonSQS: 'SQS',
  AWSEvents: 'EventBridge',
  AmazonEC2ContainerServiceV20141113: 'ECS',
};

/** For example `SQS ReceiveMessage`. */
export function operationOf(target: string | string[] | undefined): { service: AwsService | undefined; name: string } {
  const [prefix = '', operation = ''] = String(target ?? '').split('.');
  const service = SERVICES[prefix];
  return { service, name: `${service ?? 'other'} ${operation}` };
}

/** The name of a queue from its URL. */
export function queueOf(queueUrl: string | undefined): string {
  return queueUrl?.split('/').at(-1) ?? '';
}

export type AwsAnswer = { status: number; headers: Record<string, string>; body: string };

const answer = (status: number, type: string, message: string): AwsAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': type },
  body: JSON.stringify({ __type: type, message }),
});

export const serverError: AwsAnswer = answer(500, 'InternalServerError', 'made by the faulty network');

/** Each service's throttling error. */
const THROTTLED: Record<AwsService, string> = {
  DynamoDB: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
  SQS: 'com.amazonaws.sqs#RequestThrottled',
  EventBridge: 'com.amazonaws.events#ThrottlingException',
  ECS: 'ThrottlingException',
};

export function throttled(service: AwsService): AwsAnswer {
  return answer(400, THROTTLED[service], 'throttled by the faulty network');
}

/** Each service's error when the caller lacks a permission. */
const DENIED: Record<AwsService, string> = {
  DynamoDB: 'com.amazon.coral.service#AccessDeniedException',
  SQS: 'com.amazonaws.sqs#AccessDenied',
  EventBridge: 'com.amazonaws.events#AccessDeniedException',
  ECS: 'AccessDeniedException',
};

export function denied(service: AwsService, message = 'denied by the faulty network'): AwsAnswer {
  return answer(400, DENIED[service], message);
}
