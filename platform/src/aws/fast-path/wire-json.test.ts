import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { BatchExecuteStatementCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { WireJson10Protocol, WireJson11Protocol, wireTime } from './wire-json.js';

type Request = { headers: Record<string, string>; body: Uint8Array };

const CONNECTION = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
};

/** A service that gives one answer, and notes what it is asked. */
function handler(requests: Request[], answer: string, statusCode: number): never {
  const handle = (request: Request) => {
    requests.push(request);
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'r1' };
    return Promise.resolve({ response: { statusCode, headers, body: Readable.from([Buffer.from(answer)]) } });
  };
  return { handle } as never;
}

function clientOf(protocol: object, answer: string, statusCode = 200) {
  const requests: Request[] = [];
  const requestHandler = handler(requests, answer, statusCode);
  return { client: new DynamoDBClient({ ...CONNECTION, ...protocol, requestHandler }), requests };
}

const COMMAND = new BatchExecuteStatementCommand({
  Statements: [
    {
      Statement: `INSERT INTO "jobs" VALUE {'jobId': ?, 'words': ?}`,
      Parameters: [{ S: 'j1' }, { L: [{ M: { text: { S: '"\\ä\u2028😀\u0007' } } }, { NULL: true }, { BOOL: false }] }],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
    { Statement: 'SELECT 1', Parameters: [{ N: '-12.5' }] },
  ],
});

const EVENTS = [
  { Source: 'jobs', DetailType: 'Made', Detail: JSON.stringify({ text: 'ä"\\' }), EventBusName: 'bus' },
  { Source: 'jobs', DetailType: 'Made', Detail: '{}', EventBusName: 'bus' },
];

/** What the same call comes to with the SDK's own protocol, and with this one. */
async function both(answer: object | string, statusCode?: number) {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  const run = async (protocol: object) => {
    const { client, requests } = clientOf(protocol, text, statusCode);
    const outcome = await client.send(COMMAND).catch((error: unknown) => error);
    const [request] = requests;
    if (!request) throw new Error('nothing was sent');
    const body = new TextDecoder().decode(request.body);
    return { outcome, body: JSON.parse(body) as unknown, headers: request.headers };
  };
  return { own: await run({}), wire: await run({ protocol: WireJson10Protocol }) };
}

describe('the protocol of calls that are as they go over the wire', () => {
  it("sends what the SDK's own sends", async () => {
    const { own, wire } = await both({ Responses: [] });
    expect(wire.body).toEqual(own.body);
    expect(wire.body).toEqual(COMMAND.input);
    for (const name of ['content-type', 'x-amz-target']) expect(wire.headers[name]).toBe(own.headers[name]);
    expect(Number(wire.headers['content-length'])).toBe(Buffer.byteLength(JSON.stringify(COMMAND.input)));
  });

  it("gives what the SDK's own gives", async () => {
    const item = { jobId: { S: 'j1' }, tries: { N: '2' }, tags: { M: { a: { L: [{ NULL: true }] } } } };
    const error = { Code: 'ConditionalCheckFailed', Message: 'no', Item: item };
    const { own, wire } = await both({ Responses: [{ TableName: 'jobs' }, { TableName: 'jobs', Error: error }] });
    expect(wire.outcome).toEqual(own.outcome);
    expect(wire.outcome).toMatchObject({ Responses: [{ TableName: 'jobs' }, { Error: error }] });
  });

  it.each([
    ['ValidationException', { message: 'the statement is not one' }],
    ['ProvisionedThroughputExceededException', { message: 'later' }],
    ['NeverHeardOfException', { Message: 'what is this' }],
    ['ConditionalCheckFailedException', { message: 'no', Item: { jobId: { S: 'j1' }, tries: { N: '2' } } }],
  ])('fails with %s as the SDK does', async (name, fields) => {
    const { own, wire } = await both({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, ...fields }, 400);
    // Jest compares of errors no more than their messages.
    expect({ ...(wire.outcome as object) }).toEqual({ ...(own.outcome as object) });
    expect(wire.outcome).toMatchObject({ name, message: Object.values(fields)[0], $metadata: { httpStatusCode: 400 } });
  });

  it('fails the call whose answer is no JSON', async () => {
    const { wire } = await both('<html>bad gateway</html>');
    expect(wire.outcome).toBeInstanceOf(SyntaxError);
  });

  it.each([0, 1_800_000_000_000, 1_800_000_000_123])('writes times as the SDK does: %d', async (epochMs) => {
    const bodyOf = async (protocol: object, time: Date) => {
      const requests: Request[] = [];
      const client = new EventBridgeClient({
        ...CONNECTION,
        ...protocol,
        requestHandler: handler(requests, '{}', 200),
      });
      await client.send(new PutEventsCommand({ Entries: EVENTS.map((event) => ({ ...event, Time: time })) }));
      return JSON.parse(new TextDecoder().decode(requests[0]?.body)) as unknown;
    };
    const time = wireTime(epochMs);
    expect(time.getTime()).toBe(epochMs);
    const wire = await bodyOf({ protocol: WireJson11Protocol }, time);
    expect(wire).toEqual(await bodyOf({}, new Date(epochMs)));
    expect(wire).toEqual({ Entries: EVENTS.map((event) => ({ ...event, Time: epochMs / 1_000 })) });
  });

  it('takes an answer without a body for one that says nothing', async () => {
    const { own, wire } = await both('');
    expect(wire.outcome).toEqual(own.outcome);
  });
});
