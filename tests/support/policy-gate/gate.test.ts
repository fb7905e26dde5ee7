import { DynamoDBClient, GetItemCommand, BatchExecuteStatementCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isDenied } from '@orderflow/platform/aws/error-kind';
import { describeStack } from '../../../tools/doctor/stack.mjs';
import { createCredentials, emulatorClient, type Credentials } from '../../../tools/local/environment.mjs';
import { startFakeUpstream, type FakeUpstream } from '../faulty-network/fake-upstream.js';
import { readPolicy } from './evaluate.js';
import { startPolicyGate, type PolicyGate } from './gate.js';

const ORDERS = 'arn:aws:dynamodb:us-east-1:000000000000:table/local-orders';
const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/local-orders';
const QUEUE = 'http://emulator/000000000000/local-order-queue';
const UPSTREAM = createCredentials();

const POLICY = readPolicy({
  Version: '2012-10-17',
  Statement: [
    { Sid: 'Orders', Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:PartiQLUpdate'], Resource: ORDERS },
    {
      ...{ Sid: 'Events', Effect: 'Allow', Action: 'events:PutEvents', Resource: BUS },
      Condition: { StringEquals: { 'events:source': 's', 'events:detail-type': ['T', 'U'] } },
    },
  ],
});

const failure = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

describe('the policy gate', () => {
  let upstream: FakeUpstream;
  let gate: PolicyGate;
  let dynamo: DynamoDBClient;
  let sqs: SQSClient;
  let eventBridge: EventBridgeClient;
  const clients: { destroy: () => void }[] = [];

  const optionsWith = (credentials: Credentials) => ({ ...emulatorClient(gate.url, credentials), maxAttempts: 1 });
  const read = (TableName: string) => dynamo.send(new GetItemCommand({ TableName, Key: { orderId: { S: '1' } } }));
  const operations = () => upstream.received.map(({ operation }) => operation);

  beforeEach(async () => {
    upstream = await startFakeUpstream((operation, { Statements = [], Entries = [] }) => {
      if (operation === 'BatchExecuteStatement') return { Responses: (Statements as object[]).map(() => ({})) };
      if (operation === 'PutEvents')
        return { FailedEntryCount: 0, Entries: (Entries as object[]).map(() => ({ EventId: 'e' })) };
      return {};
    });
    gate = await startPolicyGate(upstream.url, { policies: { worker: POLICY }, upstream: UPSTREAM });
    const options = optionsWith(gate.credentialsOf('worker'));
    dynamo = new DynamoDBClient(options);
    sqs = new SQSClient(options);
    eventBridge = new EventBridgeClient(options);
    clients.push(dynamo, sqs, eventBridge);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await gate.dispose();
    await upstream.dispose();
  });

  it('forwards an allowed call with the key of the emulator, and counts the rule as used', async () => {
    await read('local-orders');
    expect(operations()).toEqual(['GetItem']);
    expect(upstream.received[0]?.authorization).toContain(`Credential=${UPSTREAM.accessKeyId}/`);
    expect(gate.refusals()).toEqual([]);
    expect(gate.unused('worker')).toEqual([
      `Orders: dynamodb:PartiQLUpdate on ${ORDERS}`,
      `Events: events:PutEvents on ${BUS} if events:source=s events:detail-type=T`,
      `Events: events:PutEvents on ${BUS} if events:source=s events:detail-type=U`,
    ]);
  });

  it('refuses what the policy does not allow, with the error of the service', async () => {
    const receive = () => sqs.send(new ReceiveMessageCommand({ QueueUrl: QUEUE }));
    for (const call of [() => read('other'), receive]) {
      const error = await failure(call());
      expect(isDenied(error)).toBe(true);
      expect(error?.message).toMatch(
        /^User: arn:aws:sts::\d+:assumed-role\/worker\/gate is not authorized to perform: (\S+) on resource: arn:\S+ because no identity-based policy allows the \1 action$/,
      );
    }
    expect(operations()).toEqual([]);
    expect(gate.refusals().map(({ needs }) => needs.action)).toEqual(['dynamodb:GetItem', 'sqs:ReceiveMessage']);
  });

  it('refuses the statements of a batch one by one', async () => {
    const Statements = ['local-orders', 'other', 'local-orders'].map((table) => ({
      Statement: `UPDATE "${table}" SET "a" = ? WHERE "orderId" = ?`,
      Parameters: [{ S: 'x' }, { S: table }],
    }));
    const { Responses = [] } = await dynamo.send(new BatchExecuteStatementCommand({ Statements }));
    expect(Responses.map(({ Error: error }) => error?.Code)).toEqual([undefined, 'AccessDenied', undefined]);
    expect(upstream.received[0]?.body.Statements).toEqual([Statements[0], Statements[2]]);
  });

  it('refuses the entries of PutEvents one by one, by source and detail type', async () => {
    const Entries = ['U', 'V'].map((DetailType) => ({
      EventBusName: 'local-orders',
      Source: 's',
      DetailType,
      Detail: '{}',
    }));
    const answer = await eventBridge.send(new PutEventsCommand({ Entries }));
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries?.map(({ EventId, ErrorCode }) => EventId ?? ErrorCode)).toEqual([
      'e',
      'NotAuthorizedForSourceException',
    ]);
    await eventBridge.send(new PutEventsCommand({ Entries: Entries.slice(1) }));
    expect(operations()).toEqual(['PutEvents']);
  });

  it('reads the query protocol of CloudFormation', async () => {
    const access = { endpoint: gate.url, credentials: gate.credentialsOf('worker') };
    await expect(describeStack(access, 'orderflow-local')).rejects.toThrow();
    expect(gate.refusals().map(({ needs }) => needs.action)).toEqual(
      expect.arrayContaining(['cloudformation:DescribeStacks']),
    );
  });

  it('refuses and records a call that it cannot map, and a caller that it does not know', async () => {
    expect(isDenied(await failure(dynamo.send(new PutItemCommand({ TableName: 'local-orders', Item: {} }))))).toBe(
      true,
    );
    const stranger = new DynamoDBClient(optionsWith(UPSTREAM));
    clients.push(stranger);
    const call = stranger.send(new GetItemCommand({ TableName: 'local-orders', Key: {} }));
    expect(isDenied(await failure(call))).toBe(true);
    expect(gate.unmapped()).toEqual([
      'worker: DynamoDB PutItem is not mapped to an action',
      'unknown caller: DynamoDB GetItem has an unknown access key',
    ]);
    expect(operations()).toEqual([]);
  });

  it('applies new rules from the next call on', async () => {
    gate.setRules('worker', []);
    expect(isDenied(await failure(read('local-orders')))).toBe(true);
    gate.setRules('worker', POLICY);
    await read('local-orders');
  });
});
