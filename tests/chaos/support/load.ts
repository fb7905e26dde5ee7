import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import type { CreateOrderRequest } from '@orderflow/contracts';
import { createTokenSource } from '../../../tools/local/access-token.mjs';

/** What the client knows about a request: accepted, certainly not accepted, or unknown. */
export type Placed = {
  index: number;
  outcome: 'ok' | 'refused' | 'unknown';
  orderId?: string;
  /** HTTP status of the last answer. */
  status?: number;
  /** Code of the last error without an answer, such as ECONNRESET. */
  error?: string;
  /** From the first attempt to the last answer. */
  tookMs: number;
  attempts: number;
  /** Sent with the request and stored with the order. */
  correlationId: string;
};

export type LoadOptions = {
  baseUrl: string;
  count: number;
  /** Requests in flight, by default 20; an upper bound if there is a `ratePerSecond`. */
  concurrency?: number;
  /** Requests started per second. */
  ratePerSecond?: number;
  /** Number of the first request. Numbers are unique in a run. */
  firstIndex?: number;
  productOf?: (index: number) => string;
  idempotencyKeyOf?: (index: number) => string;
  /** The body; by default a new order per request. */
  orderOf?: (index: number) => CreateOrderRequest;
  /** For one attempt. */
  timeoutMs?: number;
  /** Retries with the same Idempotency-Key until accepted. */
  until?: 'accepted';
  onPlaced?: (placed: Placed) => void;
};

const RETRY_AFTER_MS = 200;
/** Longer than any outage in a run. */
const GIVE_UP_AFTER_MS = 120_000;

type Answer = { status: number; body: string };

/** The customer of a request, which identifies its order in the table. */
export const customerOf = (index: number): string => `chaos-customer-${index}`;

/** The name of the order's only product, by which the warehouse identifies orders. */
export const productNameOf = (index: number): string => `Chaos order ${index}`;

export function orderOfRequest(index: number, productId = 'chaos-1'): CreateOrderRequest {
  return {
    customerId: customerOf(index),
    items: [{ productId, productName: productNameOf(index), quantity: 1, unitPrice: 12.5 }],
    totalAmount: 12.5,
  };
}

function post(agent: Agent, url: string, headers: Record<string, string>, body: string, timeoutMs: number) {
  return new Promise<Answer>((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const call = httpRequest(url, { method: 'POST', agent, headers, signal }, (response) => {
      text(response).then((answer) => {
        resolve({ status: response.statusCode ?? 0, body: answer });
      }, reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

type Attempt = Pick<Placed, 'outcome' | 'orderId' | 'status' | 'error'>;

function classify({ status, body }: Answer): Attempt {
  if (status === 201) return { outcome: 'ok', status, orderId: (JSON.parse(body) as { orderId: string }).orderId };
  return { outcome: status < 500 ? 'refused' : 'unknown', status };
}

/** A refused connection was never used. After any other error, the order may have been stored. */
function classifyError(thrown: unknown): Attempt {
  const { code, name } = thrown as NodeJS.ErrnoException;
  return { outcome: code === 'ECONNREFUSED' ? 'refused' : 'unknown', error: code ?? name };
}

/** Places orders over HTTP and records each result. Server failures never throw. */
export async function placeOrders(options: LoadOptions): Promise<Placed[]> {
  const { baseUrl, count, concurrency = 20, ratePerSecond, firstIndex = 0, timeoutMs = 10_000, until } = options;
  const { productOf = () => 'chaos-1', orderOf = (index) => orderOfRequest(index, productOf(index)) } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const tokens = createTokenSource(baseUrl, {});
  const placed: Placed[] = [];
  const startedAt = performance.now();
  let begun = 0;

  async function place(index: number): Promise<Placed> {
    const correlationId = randomUUID();
    const key = options.idempotencyKeyOf?.(index) ?? (until === 'accepted' ? correlationId : undefined);
    const body = JSON.stringify(orderOf(index));
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'x-correlation-id': correlationId,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    const firstAt = performance.now();
    let mayBeStored = false;
    for (let attempts = 1; ; attempts++) {
      const token = await tokens.headers().catch(() => undefined);
      const attempt: Attempt = token
        ? await post(agent, `${baseUrl}/api/orders`, { ...headers, ...token }, body, timeoutMs).then(
            classify,
            classifyError,
          )
        : { outcome: 'refused', error: 'NO_TOKEN' };
      const tookMs = performance.now() - firstAt;
      const mayTryAgain = until === 'accepted' && attempt.outcome !== 'ok' && tookMs < GIVE_UP_AFTER_MS;
      // The API would refuse it again.
      const isFinal = attempt.status !== undefined && attempt.status < 500 && attempt.status !== 429;
      mayBeStored ||= attempt.outcome === 'unknown';
      // A refused connection at the end says nothing about earlier attempts.
      if (mayBeStored && attempt.status === undefined) attempt.outcome = 'unknown';
      if (!mayTryAgain || isFinal) return { index, ...attempt, tookMs, attempts, correlationId };
      await pause(RETRY_AFTER_MS);
    }
  }

  async function placeOneByOne(): Promise<void> {
    while (begun < count) {
      const ordinal = begun++;
      if (ratePerSecond !== undefined) {
        const dueInMs = startedAt + (ordinal * 1_000) / ratePerSecond - performance.now();
        if (dueInMs > 0) await pause(dueInMs);
      }
      const result = await place(firstIndex + ordinal);
      placed.push(result);
      options.onPlaced?.(result);
    }
  }

  await Promise.all(Array.from({ length: Math.min(count, concurrency) }, placeOneByOne));
  agent.destroy();
  return placed.sort((a, b) => a.index - b.index);
}
