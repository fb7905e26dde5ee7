/**
 * Which permissions a call needs, from AWS's Service Authorization Reference:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html and its pages for SQS,
 * EventBridge, CloudFormation and ECS.
 */
import { arnOf } from '@orderflow/testing/aws/arns';
import { queueOf } from '../faulty-network/aws-json.js';
import type { Access } from './evaluate.js';

type Body = Readonly<Record<string, unknown>>;
/** One access for each part of a call that is allowed or denied separately. */
type Mapping = (body: Body, operation: string) => Access[];

const text = (value: unknown, what: string): string => {
  if (typeof value !== 'string' || value === '') throw new UnmappedError(`has no ${what}`);
  return value;
};
const list = <T = Body>(value: unknown, what: string): T[] => {
  if (!Array.isArray(value) || value.length === 0) throw new UnmappedError(`has no ${what}`);
  return value as T[];
};
/** A name, or an ARN, which the APIs take too. */
const orArn = (name: string, arn: string): string => (name.startsWith('arn:') ? name : arn);

const tableArn = (name: string): string => orArn(name, arnOf('dynamodb', `table/${name}`));
const busArn = (name: string): string => orArn(name, arnOf('events', `event-bus/${name}`));
const indexArn = (table: string, index: unknown): string =>
  index === undefined ? tableArn(table) : `${tableArn(table)}/index/${text(index, 'IndexName')}`;

const onTable: Mapping = ({ TableName }, operation) => [
  { action: `dynamodb:${operation}`, resource: tableArn(text(TableName, 'TableName')) },
];
const onTableOrIndex: Mapping = ({ TableName, IndexName }, operation) => [
  { action: `dynamodb:${operation}`, resource: indexArn(text(TableName, 'TableName'), IndexName) },
];

/** A statement's verb, and the names behind it: `"table"` or `"table"."index"`. */
const NAMES = String.raw`\s+"([^"]+)"(?:\."([^"]+)")?(?=[\s]|$)`;
const PARTIQL: Record<string, RegExp> = {
  PartiQLInsert: new RegExp(String.raw`^INSERT\s+INTO${NAMES}`, 'i'),
  PartiQLUpdate: new RegExp(String.raw`^UPDATE${NAMES}`, 'i'),
  PartiQLDelete: new RegExp(String.raw`^DELETE\s+FROM${NAMES}`, 'i'),
  PartiQLSelect: new RegExp(String.raw`^SELECT\s[^']*?\sFROM${NAMES}`, 'i'),
};
const ofStatement = ({ Statement }: Body): Access => {
  const statement = text(Statement, 'Statement').trim();
  for (const [action, pattern] of Object.entries(PARTIQL)) {
    const [, table, index] = pattern.exec(statement) ?? [];
    if (table !== undefined) return { action: `dynamodb:${action}`, resource: indexArn(table, index) };
  }
  throw new UnmappedError('has a statement of an unknown form');
};

/** A batch needs the permission for its single operation. */
const onQueue =
  (action: string): Mapping =>
  ({ QueueUrl }) => [{ action: `sqs:${action}`, resource: arnOf('sqs', queueOf(text(QueueUrl, 'QueueUrl'))) }];

const onRule =
  (nameIn: string): Mapping =>
  ({ EventBusName: bus = 'default', [nameIn]: name }, operation) => {
    const path = bus === 'default' ? '' : `${text(bus, 'EventBusName')}/`;
    return [{ action: `events:${operation}`, resource: arnOf('events', `rule/${path}${text(name, nameIn)}`) }];
  };

const onStack: Mapping = ({ StackName }, operation) => [
  // The id behind the name is made by CloudFormation.
  {
    action: `cloudformation:${operation}`,
    resource: arnOf('cloudformation', `stack/${text(StackName, 'StackName')}/id`),
  },
];

/** IAM grants it on `*` only. */
const onAll = (action: string): Mapping => {
  return () => [{ action, resource: '*' }];
};

/** Each service or task of a cluster, by its name. */
const inCluster =
  (kind: string, namesIn: string): Mapping =>
  ({ cluster = 'default', [namesIn]: names }, operation) =>
    list<string>(names, namesIn).map((name) => ({
      action: `ecs:${operation}`,
      resource: orArn(name, arnOf('ecs', `${kind}/${text(cluster, 'cluster')}/${name}`)),
    }));

/** By service and operation. */
const MAPPINGS: Readonly<Record<string, Mapping>> = {
  'DynamoDB GetItem': onTable,
  'DynamoDB DescribeTable': onTable,
  'DynamoDB DescribeTimeToLive': onTable,
  'DynamoDB DescribeContinuousBackups': onTable,
  'DynamoDB Query': onTableOrIndex,
  'DynamoDB Scan': onTableOrIndex,
  'DynamoDB BatchGetItem': ({ RequestItems }) => {
    const tables = list<string>(Object.keys(RequestItems ?? {}), 'RequestItems');
    return tables.map((table) => ({ action: 'dynamodb:BatchGetItem', resource: tableArn(table) }));
  },
  'DynamoDB ExecuteStatement': (body) => [ofStatement(body)],
  'DynamoDB BatchExecuteStatement': ({ Statements }) => list(Statements, 'Statements').map(ofStatement),
  'SQS GetQueueUrl': ({ QueueName }) => [
    { action: 'sqs:GetQueueUrl', resource: arnOf('sqs', text(QueueName, 'QueueName')) },
  ],
  'SQS GetQueueAttributes': onQueue('GetQueueAttributes'),
  'SQS ReceiveMessage': onQueue('ReceiveMessage'),
  'SQS SendMessage': onQueue('SendMessage'),
  'SQS SendMessageBatch': onQueue('SendMessage'),
  'SQS DeleteMessage': onQueue('DeleteMessage'),
  'SQS DeleteMessageBatch': onQueue('DeleteMessage'),
  'SQS ChangeMessageVisibility': onQueue('ChangeMessageVisibility'),
  'SQS ChangeMessageVisibilityBatch': onQueue('ChangeMessageVisibility'),
  'EventBridge PutEvents': ({ Entries }) =>
    list(Entries, 'Entries').map(({ EventBusName: bus = 'default', Source, DetailType }) => ({
      action: 'events:PutEvents',
      resource: busArn(text(bus, 'EventBusName')),
      context: { 'events:source': text(Source, 'Source'), 'events:detail-type': text(DetailType, 'DetailType') },
    })),
  'EventBridge DescribeEventBus': ({ Name = 'default' }) => [
    { action: 'events:DescribeEventBus', resource: busArn(text(Name, 'Name')) },
  ],
  'EventBridge DescribeRule': onRule('Name'),
  'EventBridge ListTargetsByRule': onRule('Rule'),
  'EventBridge ListRules': onAll('events:ListRules'),
  'CloudFormation DescribeStacks': onStack,
  'CloudFormation DescribeStackEvents': onStack,
  'CloudFormation GetTemplate': onStack,
  'ECS DescribeServices': inCluster('service', 'services'),
  'ECS DescribeTasks': inCluster('task', 'tasks'),
  'ECS ListTasks': onAll('ecs:ListTasks'),
  'ECS DescribeTaskDefinition': onAll('ecs:DescribeTaskDefinition'),
};

/**
 * The permissions that a call needs, in the order of its parts.
 * @param call such as `DynamoDB GetItem`
 * @throws UnmappedError when that is not known: the call must be refused
 */
export function requiredAccess(call: string, body: Body): Access[] {
  const mapping = Object.hasOwn(MAPPINGS, call) ? MAPPINGS[call] : undefined;
  if (!mapping) throw new UnmappedError('is not mapped to an action');
  return mapping(body, call.split(' ')[1] ?? '');
}

export class UnmappedError extends Error {
  override readonly name = 'UnmappedError';
}
