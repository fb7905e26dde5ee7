import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  operationOf,
  denied,
  serverError,
  throttled,
  type AwsRequest,
  type AwsService,
} from './faulty-network/aws-json.js';
import { createDeliveryCounts, type QueueDeliveries } from './faulty-network/deliveries.js';
import { createFaults, type Fault, type FaultKind, type FaultRule } from './faulty-network/faults.js';
import { createBus, PUT_EVENTS } from './faulty-network/put-events.js';
import { createReceiver, RECEIVE_MESSAGE, type Forward } from './faulty-network/receive-message.js';
import { connectTo, type UpstreamAnswer } from './faulty-network/upstream.js';

/** A proxy before an emulator that can inject faults into AWS calls. */
export type FaultyNetwork = {
  url: string;
  /** The same seed gives the same decisions for the n-th call, message or entry of an operation. */
  seed: number;
  /** Applies the fault to every call to these services until `heal`. */
  inject(fault: Fault, ...services: AwsService[]): void;
  /** From now on, until `heal` or until the returned function is called. */
  add(rule: FaultRule): () => void;
  /** Ends all faults and releases delayed calls. */
  heal(): void;
  /** Calls so far, by a name such as `SQS ReceiveMessage`. */
  calls(): Map<string, number>;
  /** How often each fault was injected. */
  applied(): Map<FaultKind, number>;
  /** Deliveries by queue. */
  deliveries(): ReadonlyMap<string, QueueDeliveries>;
  dispose(): Promise<void>;
};

/** `arrives`: whether the client will see the answer. */
type Call = {
  service: AwsService | undefined;
  name: string;
  incoming: IncomingMessage;
  body: Buffer;
  arrives: boolean;
};

const increment = <K>(counts: Map<K, number>, key: K): number => {
  const next = (counts.get(key) ?? 0) + 1;
  counts.set(key, next);
  return next;
};

export async function startFaultyNetwork(targetUrl: string, { seed = 1 } = {}): Promise<FaultyNetwork> {
  const upstream = connectTo(targetUrl);
  const faults = createFaults(seed);
  const seen = new Map<string, number>();
  const applied = new Map<FaultKind, number>();
  const count = (kind: FaultKind) => void increment(applied, kind);
  const deliveries = createDeliveryCounts();
  const receiver = createReceiver({ faults, deliveries, applied: count });
  const putEvents = createBus({ faults, applied: count });
  const held = new Set<ServerResponse>();
  const delayed = new Set<() => void>();

  /** Resolves early when the network heals. */
  function delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        delayed.delete(go);
        resolve();
      };
      const timer = setTimeout(go, ms);
      delayed.add(go);
    });
  }

  /** The emulator's answer, with the faults of its messages or entries. */
  async function forward(
    { name, incoming, body, arrives }: Call,
    request: AwsRequest,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    const { method = 'POST', url: path = '/', headers } = incoming;
    const send: Forward = (changed, operation) => {
      const target = String(headers['x-amz-target']);
      const renamed = operation === undefined ? target : target.replace(/\.\w+$/, `.${operation}`);
      return upstream.call(
        {
          method,
          path,
          headers: { ...headers, 'x-amz-target': renamed },
          body: changed === request ? body : JSON.stringify(changed),
        },
        signal,
      );
    };
    if (name === RECEIVE_MESSAGE) return receiver.receive(request, send, arrives);
    if (name === PUT_EVENTS) return putEvents(request, send);
    return upstream.call({ method, path, headers, body }, signal);
  }

  function answer(outgoing: ServerResponse, status: number, headers: object, body: string | Buffer): void {
    outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    outgoing.end(body);
  }

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // An abandoned long poll would swallow a message.
    const gone = new AbortController();
    outgoing.on('close', () => {
      gone.abort();
    });
    const body = await buffer(incoming);
    const { service, name } = operationOf(incoming.headers['x-amz-target']);
    const ordinal = increment(seen, name);
    const request = service === undefined ? {} : (JSON.parse(body.toString() || '{}') as AwsRequest);

    const met = service === undefined ? [] : faults.ofCall(name, ordinal, request);
    for (const fault of met) {
      count(fault.kind);
      if (fault.kind === 'delay') {
        await delay(fault.ms);
      } else if (fault.kind === 'refuse') {
        incoming.socket.destroy();
        return;
      } else if (fault.kind === 'black-hole') {
        held.add(outgoing);
        outgoing.on('close', () => held.delete(outgoing));
        return;
      } else if (fault.kind === 'error-500' || fault.kind === 'throttle' || fault.kind === 'deny') {
        const spoilt = { 'error-500': serverError, throttle: throttled(fault.service), deny: denied(fault.service) }[
          fault.kind
        ];
        answer(outgoing, spoilt.status, spoilt.headers, spoilt.body);
        return;
      }
    }
    const arrives = !met.some(({ kind }) => kind === 'drop-answer');
    const real = await forward({ service, name, incoming, body, arrives }, request, gone.signal);
    if (arrives) answer(outgoing, real.status, real.headers, real.body);
    else incoming.socket.destroy();
  }

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  // Keep connections open: closing one during a call would be an unplanned fault.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const heal = (): void => {
    faults.clear();
    receiver.forget();
    for (const response of [...held]) response.destroy();
    for (const go of [...delayed]) go();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seed,
    add: (rule) => faults.add(rule),
    inject: (fault, ...services) => {
      for (const service of services) faults.add({ ...fault, service });
    },
    heal,
    calls: () => new Map(seen),
    applied: () => new Map(applied),
    deliveries: () => deliveries.queues,
    dispose: async () => {
      heal();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      upstream.dispose();
    },
  };
}
