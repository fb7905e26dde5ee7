/** IAM's name for what a call, or one entry of it, asks for: `sqs:DeleteMessage`, and the name of the resource. */
export type AwsAction = {
  action: string;
  resource: string;
  /** Of an event: a policy can allow some types of events and not others. */
  detailType?: string | undefined;
};

/** Prefixes of IAM actions. */
export type ActionPrefix = 'dynamodb' | 'events' | 'sqs';

export type Command = { constructor: { name: string }; input: object };

type EventEntry = { EventBusName?: string; DetailType?: string };
type Input = Partial<
  Record<'TableName' | 'IndexName' | 'QueueUrl' | 'QueueName' | 'EventBusName' | 'Rule' | 'Name', string>
> & { RequestItems?: object; Statements?: { Statement?: string }[]; Entries?: EventEntry[] };

/** lib-dynamodb's names of commands that IAM calls something else. */
const ITEM_ACTIONS: Record<string, string> = { Get: 'GetItem', BatchGet: 'BatchGetItem' };

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html */
const VERBS: Record<string, string> = {
  INSERT: 'PartiQLInsert',
  UPDATE: 'PartiQLUpdate',
  DELETE: 'PartiQLDelete',
  SELECT: 'PartiQLSelect',
};
const STATEMENT = /^\s*(INSERT INTO|UPDATE|DELETE FROM|SELECT\b.*?\bFROM)\s+"([^"]+)"(?:\."([^"]+)")?/is;

const inTable = (table: string, index?: string): string => (index === undefined ? table : `index ${index} of ${table}`);

function ofStatement({ Statement: text = '' }: { Statement?: string }): AwsAction {
  const [, verb = '', table = '', index] = STATEMENT.exec(text) ?? [];
  const name = VERBS[verb.slice(0, 6).toUpperCase()] ?? 'BatchExecuteStatement';
  return { action: `dynamodb:${name}`, resource: inTable(table, index) };
}

function resourceOf(input: Input): string {
  if (input.TableName !== undefined) return inTable(input.TableName, input.IndexName);
  const [table] = Object.keys(input.RequestItems ?? {});
  const queue = input.QueueName ?? input.QueueUrl?.split('/').at(-1);
  return table ?? queue ?? input.Rule ?? input.Name ?? input.EventBusName ?? '';
}

const ofEvent = ({ EventBusName: resource = '', DetailType: detailType }: EventEntry): AwsAction => {
  return { action: 'events:PutEvents', resource, detailType };
};

/**
 * What a command asks IAM for: one action per statement or event, or a single one. For SQS, the action of a batch is
 * that of its entries: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
 */
export function actionsOf(prefix: ActionPrefix, command: Command): AwsAction[] {
  const input: Input = command.input;
  if (input.Statements) return input.Statements.map(ofStatement);
  if (prefix === 'events' && input.Entries) return input.Entries.map(ofEvent);
  const name = command.constructor.name.replace(/Command$/, '');
  const action = prefix === 'sqs' ? name.replace(/Batch$/, '') : (ITEM_ACTIONS[name] ?? name);
  return [{ action: `${prefix}:${action}`, resource: resourceOf(input) }];
}
