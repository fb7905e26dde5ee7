/** Cheap clients of the API, because they share the machine with the services. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '@orderflow/testing/random';
import { createTokenSource } from '../../tools/local/access-token.mjs';

const UNUSED_FOR_MS = 30_000;

/** An accepted order. `sentAt` is epoch ms with fractions; in an open loop, the time at which it was due. */
export type Placed = { orderId: string; sentAt: number; postMs: number };

export type LoadClient = {
  /** @throws unless the status is 201 */
  post(sentAt?: number): Promise<Placed>;
  close(): void;
};

const CUSTOMERS = 100;
const SEED = 20_260_101;

export const epochMs = (): number => performance.timeOrigin + performance.now();

const BODIES = Array.from({ length: CUSTOMERS }, (_, customer) =>
  Buffer.from(
    JSON.stringify({
      customerId: `customer-${customer}`,
      items: [
        { productId: 'coffee-beans', productName: 'Coffee beans, 1 kg', quantity: 2, unitPrice: 12.5 },
        { productId: 'filter-paper', productName: 'Filter paper, 100 sheets', quantity: 1, unitPrice: 3.2 },
      ],
      totalAmount: 28.2,
    }),
  ),
);

export function createLoadClient(baseUrl: string, maxSockets = Infinity): LoadClient {
  const { hostname, port } = new URL(baseUrl);
  // Close unused connections. Otherwise the number stays at its peak.
  const agent = new Agent({ keepAlive: true, maxSockets, scheduling: 'lifo', timeout: UNUSED_FOR_MS });
  const tokens = createTokenSource(baseUrl, {});
  let ordinal = 0;

  return {
    post: async (sentAt = epochMs()) => {
      const token = await tokens.headers();
      return new Promise((resolve, reject) => {
        const body = BODIES[ordinal++ % CUSTOMERS] ?? Buffer.of();
        const headers = { 'content-type': 'application/json', 'content-length': body.length, ...token };
        const call = request({ hostname, port, method: 'POST', path: '/api/orders', headers, agent }, (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (part: string) => (text += part));
          answer.on('error', reject);
          answer.on('end', () => {
            const postMs = epochMs() - sentAt;
            if (answer.statusCode !== 201) {
              reject(new Error(`POST /api/orders answered ${answer.statusCode ?? 0}: ${text}`));
              return;
            }
            const { orderId } = JSON.parse(text) as { orderId: string };
            resolve({ orderId, sentAt, postMs });
          });
        });
        call.on('error', reject);
        call.end(body);
      });
    },
    close: () => {
      agent.destroy();
    },
  };
}

/** Each client sends its next order as soon as the last one was answered. */
export async function closedLoop(client: LoadClient, load: { clients: number; orders: number }): Promise<Placed[]> {
  const placed: Placed[] = [];
  let left = load.orders;
  const loop = async (): Promise<void> => {
    while (left-- > 0) placed.push(await client.post());
  };
  await Promise.all(Array.from({ length: load.clients }, loop));
  return placed;
}

type OpenLoad = {
  /** Orders per second. */
  rate: number;
  seconds: number;
  onPlaced?: (placed: Placed) => void;
  signal?: AbortSignal;
};

/**
 * Orders arrive at random (Poisson, repeatable per rate) and do not wait for responses. Latencies count from the time at
 * which an order was due, so that they include a stall of the sender.
 */
export async function openLoop(client: LoadClient, { rate, seconds, onPlaced, signal }: OpenLoad): Promise<Placed[]> {
  const random = createRandom(SEED);
  const placed: Promise<Placed>[] = [];
  const startedAt = epochMs();
  let dueAt = startedAt;
  for (;;) {
    dueAt += (-Math.log(1 - random()) / rate) * 1_000;
    if (dueAt > startedAt + seconds * 1_000 || signal?.aborted) break;
    const waitMs = dueAt - epochMs();
    if (waitMs > 1) await sleep(waitMs);
    const one = client.post(dueAt).then((order) => {
      onPlaced?.(order);
      return order;
    });
    // Awaited below; without this an earlier rejection would be unhandled.
    one.catch(() => undefined);
    placed.push(one);
  }
  return Promise.all(placed);
}
