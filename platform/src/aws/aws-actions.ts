/** The IAM action that a call, or one entry of it, needs, such as `sqs:DeleteMessage`, and the name of the resource. */
export type AwsAction = {
  action: string;
  resource: string;
  /** For events only: a policy can allow some types and not others. */
  detailType?: string | undefined;
};

/** Prefixes of IAM actions. */
export type ActionPrefix = 'dynamodb' | 'events' | 'sqs';

export type Command = { constructor: { name: string }; input: object };

type EventEntry = { EventBusName?: string; DetailType?: string };
type Input = Partial<
  Record<'TableName' | 'IndexName' | 'QueueUrl' | 'QueueName' | 'EventBusName' | 'Rule' | 'Name', string>
> & { RequestItems?: object; Statements?: { Statement?: string }[]; Entries?: EventEntry[] };

/** Commands of lib-dynamodb whose IAM action has another name. */
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
 * The IAM actions that a command needs: one per statement or event, otherwise a single one. A batch of SQS needs the
 * action of its entries: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
 */
export function actionsOf(prefix: ActionPrefix, command: Command): AwsAction[] {
  const input: Input = command.input;
  if (input.Statements) return input.Statements.map(ofStatement);
  if (prefix === 'events' && input.Entries) return input.Entries.map(ofEvent);
  const name = command.constructor.name.replace(/Command$/, '');
  const action = prefix === 'sqs' ? name.replace(/Batch$/, '') : (ITEM_ACTIONS[name] ?? name);
  return [{ action: `${prefix}:${action}`, resource: resourceOf(input) }];
}
