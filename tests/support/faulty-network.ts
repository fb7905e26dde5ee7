import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export type AwsService = 'DynamoDB' | 'SQS' | 'EventBridge';

/** What becomes of a call: the connection breaks, nothing ever answers, the answer is late, the service fails. */
export type Fault = { kind: 'refuse' } | { kind: 'black-hole' } | { kind: 'delay'; ms: number } | { kind: 'error-500' };

/** A proxy in front of an emulator that looks at each AWS call and can spoil it. */
export type FaultyNetwork = {
  url: string;
  /** From now on, and until `heal`, calls to these services meet the fault. */
  inject(fault: Fault, ...services: AwsService[]): void;
  heal(): void;
  /** Calls seen so far, as `SQS ReceiveMessage`. */
  calls(): Map<string, number>;
  dispose(): Promise<void>;
};

/** The protocol's target header names the service and the operation: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
const SERVICES: Record<string, AwsService> = {
  DynamoDB_20120810: 'DynamoDB',
  AmazonSQS: 'SQS',
  AWSEvents: 'EventBridge',
};

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function startFaultyNetwork(targetUrl: string): Promise<FaultyNetwork> {
  const target = new URL(targetUrl);
  const faults = new Map<AwsService, Fault>();
  const seen = new Map<string, number>();
  const held = new Set<ServerResponse>();
  const delayed = new Set<() => void>();

  function forward(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): void {
    const { method, url, headers } = incoming;
    const { hostname, port } = target;
    const call = httpRequest({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    call.on('error', () => outgoing.destroy());
    // A client that gives up must not leave its long poll behind: it would swallow a message.
    outgoing.on('close', () => call.destroy());
    call.end(body);
  }

  /** Healing ends the wait of calls that are on their way. */
  function delay(go: () => void, ms: number): void {
    const goOnce = (): void => {
      clearTimeout(timer);
      if (delayed.delete(goOnce)) go();
    };
    const timer = setTimeout(goOnce, ms);
    delayed.add(goOnce);
  }

  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await bodyOf(incoming);
      const [prefix = '', operation = ''] = String(incoming.headers['x-amz-target'] ?? '').split('.');
      const service = SERVICES[prefix];
      const name = `${service ?? 'other'} ${operation}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);

      const fault = service && faults.get(service);
      switch (fault?.kind) {
        case 'refuse':
          incoming.socket.destroy();
          return;
        case 'black-hole':
          held.add(outgoing);
          return;
        case 'error-500':
          outgoing.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' });
          outgoing.end('{"__type":"InternalServerError","message":"made by the faulty network"}');
          return;
        case 'delay':
          delay(() => {
            forward(incoming, body, outgoing);
          }, fault.ms);
          return;
        case undefined:
          forward(incoming, body, outgoing);
      }
    })().catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const release = (): void => {
    for (const response of held) response.destroy();
    held.clear();
    for (const go of [...delayed]) go();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inject: (fault, ...services) => {
      for (const service of services) faults.set(service, fault);
    },
    heal: () => {
      faults.clear();
      release();
    },
    calls: () => new Map(seen),
    dispose: async () => {
      release();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
