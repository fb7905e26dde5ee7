import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connectTo, type UpstreamAnswer, type UpstreamCall } from './upstream.js';

/** A request that arrived, with its whole body. */
export type Exchange = {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  body: Buffer;
  /** Forwards the request with these changes. */
  forward: (change?: Partial<UpstreamCall>) => Promise<UpstreamAnswer>;
};

export type Answer = { status: number; headers: object; body: string | Buffer };

/**
 * A proxy over kept connections. Without an answer from `handle`, the request stays open or its connection is already
 * broken.
 */
export async function startProxy(
  targetUrl: string,
  handle: (exchange: Exchange) => Promise<Answer | undefined>,
  host = '127.0.0.1',
) {
  const upstream = connectTo(targetUrl);

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // Abort with the client: an abandoned long poll would swallow a message.
    const gone = new AbortController();
    outgoing.on('close', () => {
      gone.abort();
    });
    const body = await buffer(incoming);
    const { method = 'GET', url: path = '/', headers } = incoming;
    const forward = (change: Partial<UpstreamCall> = {}) =>
      upstream.call({ method, path, headers, body, ...change }, gone.signal);
    const given = await handle({ incoming, outgoing, body, forward });
    if (!given) return;
    outgoing.writeHead(given.status, { ...given.headers, 'content-length': Buffer.byteLength(given.body) });
    outgoing.end(given.body);
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  // Keep connections open: closing one during a call would be an unplanned fault.
  server.keepAliveTimeout = 60_000;
  server.listen(0, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    dispose: async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      upstream.dispose();
    },
  };
}
