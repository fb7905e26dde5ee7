import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS_IN_USE, FAILURES, type Client, type Command } from '@orderflow/testing/aws/commands-in-use';
import { createAwsClients } from '../clients.js';
import { bytesOf } from './fast-path.js';

type Clients = Record<Client, { send: (command: never) => Promise<unknown> }>;

const ROOT = new URL('../../../../', import.meta.url);
const CASES = COMMANDS_IN_USE.map((entry) => [entry[1].constructor.name, ...entry] as const);

let server: Server;
let sent: unknown[];
let answer: { body: string; status: number };
let fast: Clients & { close: () => void };
let plain: Clients & { close: () => void };

function createPlainClients(endpoint: string): typeof plain {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const config = { region: 'us-east-1', endpoint, credentials, maxAttempts: 2 };
  const dynamo = new DynamoDBClient(config);
  const eventBridge = new EventBridgeClient(config);
  const sqs = new SQSClient({ ...config, md5: false });
  const polling = new SQSClient({ ...config, md5: false, maxAttempts: 1 });
  const close = (): void => {
    for (const client of [dynamo, eventBridge, sqs, polling]) client.destroy();
  };
  return { dynamo: DynamoDBDocumentClient.from(dynamo), eventBridge, sqs, polling, close };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      sent.push([request.headers['x-amz-target'], request.headers['content-type'], body]);
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'r1' });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fast = createAwsClients({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: endpoint, AWS_REQUEST_TIMEOUT_MS: 5_000 });
  plain = createPlainClients(endpoint);
});

afterAll(() => {
  fast.close();
  plain.close();
  server.closeAllConnections();
  server.close();
});

/** Errors as plain objects, because Jest compares only their messages; binary values as hex digits. */
function comparable(value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, constructor } = value;
    return { thrown: constructor.name, name, message, ...(comparable(Object.assign({}, value)) as object) };
  }
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  // The delay is random.
  const fields = Object.entries(value).filter(([name]) => name !== 'totalRetryDelay');
  return Object.fromEntries(
    fields.map(([name, field]) => [name, name === 'BinaryValue' ? bytesOf(field).toString('hex') : comparable(field)]),
  );
}

/** What a call sends and what it returns or throws. */
async function observe(clients: Clients, client: Client, command: Command) {
  sent = [];
  const outcome = comparable(await clients[client].send(command as never).catch((error: unknown) => error));
  return { sent, outcome };
}

describe('the fast path', () => {
  it.each(CASES)('sends and reads %s as the SDK does', async (_name, client, command, response) => {
    answer = { body: JSON.stringify(response), status: 200 };
    const seen = await observe(fast, client, command);
    expect(seen).toEqual(await observe(plain, client, command));
    expect(seen.sent).toHaveLength(1);
    expect(seen.outcome).toEqual(expect.not.objectContaining({ thrown: expect.anything() as unknown }));
  });

  it.each(CASES)('fails %s as the SDK does', async (_name, client, command) => {
    for (const [body, status] of FAILURES) {
      answer = { body, status };
      const seen = await observe(fast, client, command);
      expect(seen).toEqual(await observe(plain, client, command));
      expect(seen.outcome).toHaveProperty('thrown');
    }
  });

  it.each(CASES)('accepts an empty response to %s as the SDK does', async (_name, client, command) => {
    answer = { body: '', status: 200 };
    expect(await observe(fast, client, command)).toEqual(await observe(plain, client, command));
  });

  it('is compared for every command in use', () => {
    const files = ['platform', 'services', 'tools/orderctl'].flatMap((folder) =>
      (readdirSync(new URL(folder, ROOT), { recursive: true }) as string[])
        .filter((file) => /(^|\/)src\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
        .map((file) => readFileSync(new URL(`${folder}/${file}`, ROOT), 'utf8')),
    );
    const used = new Set(files.flatMap((file) => file.match(/(?<=new )\w+Command(?=\()/g) ?? []));
    expect(used.size).toBeGreaterThan(0);
    for (const [name] of CASES) used.delete(name);
    expect([...used]).toEqual([]);
  });

  it('runs on the version of @aws-sdk/core that is pinned, which the clients share', () => {
    const require = createRequire(import.meta.url);
    const { dependencies } = require('../../../package.json') as { dependencies: Record<string, string> };
    const core = require.resolve('@aws-sdk/core/package.json');
    expect(dependencies['@aws-sdk/core']).toBe((require(core) as { version: string }).version);
    for (const client of ['client-dynamodb', 'client-eventbridge', 'client-sqs', 'lib-dynamodb']) {
      expect(createRequire(require.resolve(`@aws-sdk/${client}`)).resolve('@aws-sdk/core/package.json')).toBe(core);
    }
  });
});
