import { setImmediate } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { resourceNames } from '@orderflow/contracts';
import { NO_TRACING, type RunningTracing } from '@orderflow/platform/telemetry/tracing';
import { queueUrlOf } from '../aws/arns.js';
import { ownedTime } from '../owned-time.js';
import { createApp } from '../../../services/api-gateway/src/app.js';
import { loadConfig } from '../../../services/api-gateway/src/config.js';
import { createFakeStack } from '../fake-stack.js';
import { createRecordingLogger } from '../recording-logger.js';

export const NOW_MS = Date.UTC(2027, 2, 14, 15, 9, 26, 535);
export const NAMES = resourceNames('test');

type Answer = { status: number; headers: Record<string, string | undefined>; text: string };
type Extras = { headers?: Record<string, string>; payload?: string | Buffer };

const running = new Set<NestFastifyApplication>();
afterEach(async () => {
  await Promise.all([...running].map((app) => app.close()));
  running.clear();
});

/** The API over fakes, ended after each test. Nothing sweeps by itself unless `env` says so. */
export async function startApi(
  env: NodeJS.ProcessEnv = {},
  tracing: Partial<RunningTracing> = NO_TRACING,
  fetch?: typeof globalThis.fetch,
) {
  const time = { ms: NOW_MS, wallIsOffByMs: 0 };
  const now = () => time.ms + time.wallIsOffByMs;
  const aws = createFakeStack({ stage: 'test', now });
  const log = createRecordingLogger();
  const closed = { aws: false };
  const config = loadConfig({ STAGE: 'test', SWEEP_INTERVAL_MS: '3600000', ...env });
  const clients = { ...aws, polling: aws.sqs, close: () => void (closed.aws = true) };
  const app = await createApp({
    config,
    aws: clients,
    logger: log.logger,
    tracing: { ...NO_TRACING, ...tracing },
    now,
    monotonic: ownedTime(() => time.ms),
    fetch,
  });
  running.add(app);
  const server = app.getHttpAdapter().getInstance();

  async function request(method: string, url: string, { headers = {}, payload }: Extras = {}): Promise<Answer> {
    const answer = await server.inject({
      method: method as 'GET',
      url,
      headers,
      payload,
    });
    return { status: answer.statusCode, headers: answer.headers as Answer['headers'], text: answer.payload };
  }

  const published = () => aws.eventBridge.callsOf('PutEvents').flatMap(({ Entries: entries = [] }) => entries);

  return {
    app,
    aws,
    log,
    time,
    closed,
    request,
    get: (url: string, headers: Record<string, string> = {}) => request('GET', url, { headers }),
    post: (url: string, body: unknown, headers: Record<string, string> = {}) =>
      request('POST', url, {
        headers: { 'content-type': 'application/json', ...headers },
        payload: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    /** Entries of all PutEvents calls, including failed ones. */
    published,
    orders: () => aws.dynamo.items(NAMES.ordersTable),
    notifications: () => aws.dynamo.items(NAMES.notificationsTable),
    /** Bodies of the messages in a queue. */
    queued: (queue: string) =>
      aws.sqs.messages(queueUrlOf(queue)).map(({ body }) => JSON.parse(body) as { detail: unknown }),
  };
}

export type Api = Awaited<ReturnType<typeof startApi>>;

/** An answer's body, typed by the test. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a test states what it expects
export function bodyOf<Body = Record<string, unknown>>({ text }: { text: string }): Body {
  return JSON.parse(text) as Body;
}

/** Waits for all calls to the fakes; a call takes one turn of the event loop. */
export async function quiet(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
}

export const anItem = (change: object = {}) => ({
  productId: 'sku-1',
  productName: 'Kettle',
  quantity: 2,
  unitPrice: 19.99,
  ...change,
});

export const anOrder = (change: object = {}) => ({
  customerId: 'customer-1',
  items: [anItem()],
  totalAmount: 39.98,
  ...change,
});
