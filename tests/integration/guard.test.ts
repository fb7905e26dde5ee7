import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEmulator } from '../support/embedded-system.js';
import { REFUSED } from '../support/guard/attempts.js';
import { LIST_TABLES, sendRaw, signedBy, statusOf, type Attempt } from '../support/guard/raw-request.js';
import { emulatorClient } from '../../tools/local/environment.mjs';

let emulator: Awaited<ReturnType<typeof startEmulator>>;
let port: number;
let host: string;
let key: string;
let dynamo: DynamoDBClient;
const TABLE = 'local-orders';
const KEPT = { TableName: TABLE, Item: { orderId: { S: 'kept' } } };

beforeAll(async () => {
  emulator = await startEmulator();
  port = Number(new URL(emulator.url).port);
  host = `Host: 127.0.0.1:${port}`;
  key = emulator.credentials.accessKeyId;
  dynamo = new DynamoDBClient(emulatorClient(emulator.url, emulator.credentials));
  await dynamo.send(new PutItemCommand(KEPT));
}, 120_000);

afterAll(async () => {
  dynamo.destroy();
  await emulator.dispose();
}, 30_000);

describe('the guard forwards', () => {
  it.each<[string, () => Attempt]>([
    ['a call that is signed with the key', () => ({ headers: [host, signedBy(key), LIST_TABLES] })],
    [
      'the same by another name of this machine',
      () => ({ headers: ['HOST: LocalHost:1', signedBy(key), LIST_TABLES] }),
    ],
    ['the same without a port, and over IPv6', () => ({ headers: ['host: [::1]', signedBy(key), LIST_TABLES] })],
    ['the health check', () => ({ line: 'GET /_ministack/health HTTP/1.1', headers: [host] })],
  ])('%s', async (_, attempt) => {
    const answer = await sendRaw(port, attempt());
    expect(answer).not.toMatch(/access-control/i);
    expect(statusOf(answer)).toBe(200);
  });

  it('calls of the SDK', async () => {
    const { TableNames: tables } = await dynamo.send(new ListTablesCommand({}));
    expect(tables).toContain(TABLE);
  });
});

describe('the guard refuses', () => {
  it.each(REFUSED)('%s', async (_, attempt) => {
    const answer = await sendRaw(port, attempt({ host, key }));
    expect(answer).not.toMatch(/access-control|TableNames/i);
    expect([400, 403]).toContain(statusOf(answer));
    expect((await dynamo.send(new GetItemCommand({ TableName: TABLE, Key: KEPT.Item }))).Item).toEqual(KEPT.Item);
  });

  it('with an AWS error that says what to do', async () => {
    expect(await sendRaw(port, { headers: [host, signedBy('test'), LIST_TABLES] })).toMatch(
      /"__type": "UnrecognizedClientException", "message": ".*npm run local --silent -- --env/,
    );
  });

  it('two hosts', async () => {
    const hosts = [host, 'Host: evil.example'];
    for (const headers of [hosts, [...hosts].reverse()]) {
      expect(statusOf(await sendRaw(port, { headers: [...headers, signedBy(key), LIST_TABLES] }))).toBe(400);
    }
  });

  it('a WebSocket', async () => {
    const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    const socket = connect(port, '127.0.0.1');
    socket.write(`${['GET / HTTP/1.1', host, signedBy(key), 'Connection: Upgrade', ...upgrade].join('\r\n')}\r\n\r\n`);
    expect(statusOf(await text(socket))).toBe(403);
  });

  it.each([
    [':authority of another host', { ':authority': 'evil.example' }],
    [':authority of this machine and the key', {}],
    ['a host beside :authority', { host: 'evil.example' }],
  ])('HTTP/2: %s', async (_, headers) => {
    const session = connectHttp2(emulator.url);
    const authorization = signedBy(key).replace('Authorization: ', '');
    const stream = session.request({
      ':method': 'POST',
      authorization,
      'x-amz-target': LIST_TABLES.slice(14),
      ...headers,
    });
    stream.end('{}');
    const [answer] = (await once(stream, 'response')) as [{ ':status': number }];
    expect(answer[':status']).toBe(403);
    session.destroy();
  });

  it('HTTP/2 by upgrade', async () => {
    const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    const socket = connect(port, '127.0.0.1');
    socket.write(`${['POST / HTTP/1.1', host, signedBy(key), LIST_TABLES, ...upgrade].join('\r\n')}\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).not.toContain('TableNames');
    expect(first.toString()).toMatch(/^HTTP\/1\.1 (101|403)/);
    socket.destroy();
  });
});
