import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { operationOf } from '../../tests/support/faulty-network/aws-json.js';
import { connectTo } from '../../tests/support/faulty-network/upstream.js';
import { countCall, newUsage, type Usage } from './aws-usage.js';

export type CountingProxy = {
  url: string;
  usage(): Usage;
  /** Resolves with the `performance.now()` of the next call of the operation. */
  next(operation: string): Promise<number>;
  dispose(): Promise<void>;
};

/** Forwards AWS calls unchanged to an emulator, over kept connections, and counts those that are answered. */
export async function startCountingProxy(targetUrl: string): Promise<CountingProxy> {
  const upstream = connectTo(targetUrl);
  const usage = newUsage();
  const waiting: { operation: string; resolve: (at: number) => void }[] = [];

  function tell(name: string): void {
    for (const one of waiting.filter(({ operation }) => operation === name)) {
      waiting.splice(waiting.indexOf(one), 1);
      one.resolve(performance.now());
    }
  }

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // Abort with the client: an abandoned long poll would swallow a message.
    const gone = new AbortController();
    outgoing.on('close', () => {
      gone.abort();
    });
    const body = await buffer(incoming);
    const { service, name } = operationOf(incoming.headers['x-amz-target']);
    tell(name);
    const { method = 'POST', url: path = '/', headers } = incoming;
    const answer = await upstream.call({ method, path, headers, body }, gone.signal);
    if (service !== undefined) countCall(usage, name, body.toString(), answer.body.toString());
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
    usage: () => ({ ...usage, calls: new Map(usage.calls) }),
    next: (operation) => new Promise((resolve) => waiting.push({ operation, resolve })),
    dispose: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      upstream.dispose();
    },
  };
}
