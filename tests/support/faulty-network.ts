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
import { startProxy, type Answer, type Exchange } from './faulty-network/proxy.js';
import { createReceiver, RECEIVE_MESSAGE, type Forward } from './faulty-network/receive-message.js';

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

const increment = <K>(counts: Map<K, number>, key: K): number => {
  const next = (counts.get(key) ?? 0) + 1;
  counts.set(key, next);
  return next;
};

export async function startFaultyNetwork(targetUrl: string, { seed = 1 } = {}): Promise<FaultyNetwork> {
  const faults = createFaults(seed);
  const seen = new Map<string, number>();
  const applied = new Map<FaultKind, number>();
  const count = (kind: FaultKind) => void increment(applied, kind);
  const deliveries = createDeliveryCounts();
  const receiver = createReceiver({ faults, deliveries, applied: count });
  const putEvents = createBus({ faults, applied: count });
  const held = new Set<Exchange['outgoing']>();
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

  async function handle({ incoming, outgoing, body, forward }: Exchange): Promise<Answer | undefined> {
    const target = String(incoming.headers['x-amz-target']);
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
        return undefined;
      } else if (fault.kind === 'black-hole') {
        held.add(outgoing);
        outgoing.on('close', () => held.delete(outgoing));
        return undefined;
      } else if (fault.kind === 'error-500' || fault.kind === 'throttle' || fault.kind === 'deny') {
        return { 'error-500': serverError, throttle: throttled(fault.service), deny: denied(fault.service) }[
          fault.kind
        ];
      }
    }
    const arrives = !met.some(({ kind }) => kind === 'drop-answer');
    const send: Forward = (changed, operation) =>
      forward({
        headers: {
          ...incoming.headers,
          'x-amz-target': operation === undefined ? target : target.replace(/\.\w+$/, `.${operation}`),
        },
        body: changed === request ? body : JSON.stringify(changed),
      });
    const answer =
      name === RECEIVE_MESSAGE
        ? await receiver.receive(request, send, arrives)
        : await (name === PUT_EVENTS ? putEvents(request, send) : forward());
    if (arrives) return answer;
    incoming.socket.destroy();
    return undefined;
  }

  const { url, dispose } = await startProxy(targetUrl, handle);
  const heal = (): void => {
    faults.clear();
    receiver.forget();
    for (const response of [...held]) response.destroy();
    for (const go of [...delayed]) go();
  };
  return {
    url,
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
      await dispose();
    },
  };
}
