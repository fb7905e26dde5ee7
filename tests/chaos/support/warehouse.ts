import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createSimulatedFulfilment } from '../../../services/order-worker/src/adapters/simulated-fulfilment.js';
import type { FulfilmentRequest } from '../../../services/order-worker/src/domain/fulfilment.js';

/** What the world outside has seen of one order. */
type WarehouseOrder = {
  calls: number;
  keys: Set<string>;
  /** Fulfilments that were carried out: one per key at most. */
  effects: number;
};

/** Orders are fulfilled by a server outside the system, whose record no process of the system can lose. */
export type Warehouse = {
  url: string;
  /** By the name of an order's first product, which tells orders apart without the system's help. */
  orders(): ReadonlyMap<string, WarehouseOrder>;
  /** While it is down, each call is answered 503. */
  setDown(down: boolean): void;
  /** From now on every product can be had. */
  mend(): void;
  /** Calls that wait for their answer at this moment. */
  inProgress(): number;
  dispose(): Promise<void>;
};

type WireRequest = Omit<FulfilmentRequest, 'signal'>;

/** The same products steer it as steer the simulation inside order-worker. */
export async function startWarehouse({ delayMs }: { delayMs: number }): Promise<Warehouse> {
  const fulfilment = createSimulatedFulfilment({ delayMs });
  const orders = new Map<string, WarehouseOrder>();
  const done = new Set<string>();
  let isDown = false;
  let isMended = false;
  let inProgress = 0;

  async function answer(request: WireRequest, response: ServerResponse): Promise<void> {
    const name = request.items[0]?.productName ?? '';
    const order = orders.get(name) ?? { calls: 0, keys: new Set(), effects: 0 };
    orders.set(name, order);
    order.calls++;
    order.keys.add(request.idempotencyKey);

    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    const items = isMended
      ? request.items.map((item) => Object.assign({}, item, { productId: 'mended' }))
      : request.items;
    const result = await fulfilment.fulfil({ ...request, items, signal: gone.signal });
    if (result.fulfilled && !done.has(request.idempotencyKey)) {
      done.add(request.idempotencyKey);
      order.effects++;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  }

  const server = createServer((incoming, response) => {
    inProgress++;
    response.on('close', () => {
      inProgress--;
    });
    void (async () => {
      try {
        const request = (await json(incoming)) as WireRequest;
        if (isDown) response.writeHead(503).end();
        else await answer(request, response);
      } catch {
        // The products' doing, or the caller is gone.
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
    mend: () => {
      isMended = true;
    },
    inProgress: () => inProgress,
    dispose: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
