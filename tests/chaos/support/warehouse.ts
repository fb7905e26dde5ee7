import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createSimulatedFulfilment } from '../../../services/order-worker/src/fulfilment/simulated-fulfilment.js';
import type { CancelRequest, FulfilmentRequest } from '../../../services/order-worker/src/fulfilment/fulfilment.js';

/** The warehouse's record of one order. */
type WarehouseOrder = {
  calls: number;
  keys: Set<string>;
  /** Fulfilments carried out: at most one per key. */
  effects: number;
  /** Keys that were not cancelled. */
  inForce: Set<string>;
};

/** A warehouse outside the system, whose record survives every process of the system. */
export type Warehouse = {
  url: string;
  /** By the name of the first product, which identifies orders independently of the system. */
  orders(): ReadonlyMap<string, WarehouseOrder>;
  /** While it is down, it answers each call with 503. */
  setDown(down: boolean): void;
  /** From now on it answers the first cancel of each key with 503. */
  failFirstCancels(): void;
  /** From now on every product is in stock. */
  repair(): void;
  /** Keys whose first cancel was answered with 503. */
  failedCancels(): ReadonlySet<string>;
  /** Calls waiting for their answer now. */
  inProgress(): number;
  dispose(): Promise<void>;
};

type WireRequest = Omit<FulfilmentRequest, 'signal'>;

/** The same product ids control it as in order-worker's simulation. */
export async function startWarehouse({ delayMs }: { delayMs: number }): Promise<Warehouse> {
  const fulfilment = createSimulatedFulfilment({ delayMs });
  const orders = new Map<string, WarehouseOrder>();
  const done = new Set<string>();
  /** Keys whose first cancel has failed; undefined while cancels succeed. */
  let cancelsFailed: Set<string> | undefined;
  let isDown = false;
  let isMended = false;
  let inProgress = 0;

  async function fulfil(request: WireRequest, response: ServerResponse): Promise<unknown> {
    const name = request.items[0]?.productName ?? '';
    const order = orders.get(name) ?? { calls: 0, keys: new Set(), effects: 0, inForce: new Set() };
    orders.set(name, order);
    order.calls++;
    order.keys.add(request.idempotencyKey);

    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    const items = isMended
      ? request.items.map((item) => Object.assign({}, item, { productId: 'repaired' }))
      : request.items;
    const result = await fulfilment.fulfil({ ...request, items, signal: gone.signal });
    if (result.fulfilled && !done.has(request.idempotencyKey)) {
      done.add(request.idempotencyKey);
      order.effects++;
      order.inForce.add(request.idempotencyKey);
    }
    return result;
  }

  async function cancel({ idempotencyKey }: Omit<CancelRequest, 'signal'>): Promise<unknown> {
    if (cancelsFailed && !cancelsFailed.has(idempotencyKey)) {
      cancelsFailed.add(idempotencyKey);
      return undefined;
    }
    const result = await fulfilment.cancel({ idempotencyKey, signal: new AbortController().signal });
    if (result === 'cancelled') for (const { inForce } of orders.values()) inForce.delete(idempotencyKey);
    return { result };
  }

  const server = createServer((incoming, response) => {
    inProgress++;
    response.on('close', () => {
      inProgress--;
    });
    void (async () => {
      try {
        const request = (await json(incoming)) as WireRequest;
        const isCancel = incoming.url === '/cancel';
        const answer = isDown ? undefined : await (isCancel ? cancel(request) : fulfil(request, response));
        if (answer === undefined) response.writeHead(503).end();
        else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      } catch {
        // The product id asks for this error, or the caller has disconnected.
        response.writeHead(502).end();
      }
    })();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    orders: () => orders,
    setDown: (down) => {
      isDown = down;
    },
    failFirstCancels: () => {
      cancelsFailed ??= new Set();
    },
    repair: () => {
      isMended = true;
    },
    failedCancels: () => new Set(cancelsFailed),
    inProgress: () => inProgress,
    dispose: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
