import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

type Received = {
  operation: string;
  body: Record<string, unknown>;
  host: string;
  authorization: string;
  closed: boolean;
};

/** A fake emulator that records calls and returns planned answers. */
export async function startFakeUpstream(answer: (operation: string, body: Record<string, unknown>) => object) {
  const received: Received[] = [];
  const connections = new Set<unknown>();
  const silent = new Set<string>();

  function handle(incoming: IncomingMessage, body: Record<string, unknown>, response: ServerResponse) {
    const { host = '', authorization = '' } = incoming.headers;
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    const record = { operation, body, host, authorization, closed: false };
    received.push(record);
    response.on('close', () => {
      record.closed = !response.writableEnded;
    });
    if (!silent.has(operation)) response.end(JSON.stringify(answer(operation, body)));
  }

  const server = createServer((incoming, response) => {
    connections.add(incoming.socket);
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    void json(incoming).then((body) => {
      handle(incoming, body as Record<string, unknown>, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    /** Connections that have carried a call. */
    connections,
    /** Never answers this operation. */
    silence: (operation: string) => silent.add(operation),
    dispose: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type FakeUpstream = Awaited<ReturnType<typeof startFakeUpstream>>;
