import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connectTo } from '../../support/faulty-network/upstream.js';
import { createRandom } from './random.js';

/** A proxy before the API that breaks some connections after the API has answered. */
export type ForgetfulProxy = {
  url: string;
  /** Lost answers by status. */
  forgotten(): ReadonlyMap<number, number>;
  dispose(): Promise<void>;
};

type ProxyOptions = {
  seed: number;
  /** For each answer. */
  probability: number;
};

/** @param targetUrl gives the API's current address, which a restart may change */
export async function startForgetfulProxy(targetUrl: string, options: ProxyOptions): Promise<ForgetfulProxy> {
  const upstream = connectTo(targetUrl);
  const random = createRandom(options.seed);
  const forgotten = new Map<number, number>();

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const gone = new AbortController();
    outgoing.on('close', () => {
      gone.abort();
    });
    const { method = 'GET', url: path = '/', headers } = incoming;
    const answer = await upstream.call({ method, path, headers, body: await buffer(incoming) }, gone.signal);
    if (random() < options.probability) {
      forgotten.set(answer.status, (forgotten.get(answer.status) ?? 0) + 1);
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    outgoing.end(answer.body);
  }

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forgotten: () => forgotten,
    dispose: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      upstream.dispose();
    },
  };
}
