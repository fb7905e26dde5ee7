import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { createUnreadAnswers, type DisconnectReason, type UnreadAnswers } from './unread-answers.js';

/** More than the kernel buffers for a client that does not read: little for a Unix socket, megabytes for TCP. */
const SIZE = 4_000_000;
const servers = new Set<Server>();
const clients = new Set<Socket>();
const folders = new Set<string>();
afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  servers.clear();
  for (const folder of folders) await rm(folder, { recursive: true });
  folders.clear();
});

/** A server whose answers exceed the kernel's buffer. */
async function createWorld({ maxBytes = Infinity, stalledAfterMs = 1_000, pieces = 1 }) {
  const time = { ms: 0 };
  const reasons: DisconnectReason[] = [];
  const unread: UnreadAnswers = createUnreadAnswers({
    maxBytes,
    stalledAfterMs,
    onDisconnect: (reason) => reasons.push(reason),
    now: () => time.ms,
  });
  const server = createServer((request, response) => {
    unread.makeRoom(SIZE);
    response.once('close', unread.sending(request.socket, SIZE));
    Readable.from(Array.from({ length: pieces }, () => Buffer.alloc(SIZE / pieces))).pipe(response);
  });
  servers.add(server);
  server.on('connection', unread.follow);
  const folder = await mkdtemp(join(tmpdir(), 'unread-'));
  folders.add(folder);
  const path = join(folder, 'socket');
  server.listen(path);
  await once(server, 'listening');
  return {
    time,
    reasons,
    unread,
    /** A client that sends a request and reads nothing until `resume` is called. */
    ask: async () => {
      const client = connect(path).pause();
      clients.add(client);
      client.on('error', () => undefined);
      client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(server, 'request');
      let read = 0;
      return {
        client,
        read: () => read,
        resume: () => client.on('data', (chunk: Buffer) => (read += chunk.length)).resume(),
        closed: once(client, 'close'),
      };
    },
  };
}

describe('an unread answer', () => {
  it('ends its connection after a while without progress, and not before', async () => {
    const { ask, unread, time, reasons } = await createWorld({});
    const { closed, resume } = await ask();
    // Data that the kernel accepts counts as progress.
    await eventually(() => {
      time.ms += 100;
      unread.look();
      return reasons.length > 0;
    });
    expect(time.ms).toBeGreaterThanOrEqual(1_000);
    expect(reasons).toEqual(['stalled']);
    resume();
    await closed;
  });

  it('survives while the client reads piece by piece, and afterwards', async () => {
    const { ask, unread, time, reasons } = await createWorld({ pieces: 200 });
    const { client, read, resume } = await ask();
    client.on('data', () => {
      time.ms += 50;
      unread.look();
    });
    resume();
    await eventually(() => read() > SIZE);
    expect(time.ms).toBeGreaterThan(1_000);
    time.ms += 100_000;
    unread.look();
    expect(reasons).toEqual([]);
  });

  it('ends to make room, starting with the longest without progress', async () => {
    const { ask, time, reasons } = await createWorld({ maxBytes: 2.5 * SIZE });
    const first = await ask();
    time.ms += 100;
    const second = await ask();
    time.ms += 100;
    const third = await ask();
    expect(reasons).toEqual(['memory']);
    for (const { resume } of [first, second, third]) resume();
    await first.closed;
    await eventually(() => second.read() > SIZE && third.read() > SIZE);
    expect(first.read()).toBeLessThan(SIZE);
  });

  it('counts the bytes of streams until they are sent', () => {
    const reasons: DisconnectReason[] = [];
    const unread = createUnreadAnswers({
      maxBytes: 10_000,
      stalledAfterMs: 1_000,
      onDisconnect: (reason) => reasons.push(reason),
    });
    const [socket, other] = [new Socket(), new Socket()];
    for (const one of [socket, other]) unread.follow(one);
    const stream = new PassThrough();
    const sent = unread.sending(socket, stream);
    stream.write(Buffer.alloc(6_000));
    unread.makeRoom(4_000);
    sent();
    unread.makeRoom(6_001);
    expect(reasons).toEqual([]);
    unread.sending(socket, stream);
    unread.makeRoom(4_001);
    expect(reasons).toEqual(['memory']);
    expect([socket.destroyed, other.destroyed]).toEqual([true, false]);
  });
});
