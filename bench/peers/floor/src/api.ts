import type { IncomingMessage, ServerResponse } from 'node:http';
import { resourceNames } from '@orderflow/contracts';
import { newId } from '@orderflow/domain/ids';
import { newOrderRecord, toAcceptedOrder } from '@orderflow/domain/orders/order';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { insert } from '@orderflow/platform/work-item/transitions';
import { createCallAws } from './call-aws.js';
import { loadConfig } from './config.js';
import { createPublisher } from './publisher.js';
import { readRequest } from './read-request.js';
import { report, serve } from './serve.js';
import { createStatements } from './statements.js';

/** The same as in the API. There is no sweeper here, but the item has its marker. */
const OUTBOX_DELAY_MS = 5_000;
const BODY_LIMIT_BYTES = 262_144;

function answer(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  const content = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': content.length, ...headers });
  response.end(content);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

await runMain(async () => {
  const config = loadConfig(process.env);
  const names = resourceNames(config.STAGE);
  const callAws = createCallAws(config);
  const statements = createStatements(callAws, config.BATCHES_IN_FLIGHT);
  const publisher = createPublisher(callAws, names.bus, config.BATCHES_IN_FLIGHT);
  const table = ordersTable(names);

  async function createOrder(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const order = body === undefined ? undefined : readRequest(body);
    if (!order) {
      answer(response, 400, { message: 'not a valid order' });
      return;
    }
    const now = Date.now();
    const record = newOrderRecord({
      orderId: newId(),
      request: order,
      requestHash: '',
      correlationId: newId(),
      now,
      outboxAt: now + OUTBOX_DELAY_MS,
    });
    // The id is new, so a refused insert was applied before and its response was lost.
    await statements.execute(insert(table, record));
    publisher.publish(orderCreated(record)).catch(report);
    answer(response, 201, toAcceptedOrder(record), { location: `/api/orders/${record.orderId}` });
  }

  await serve(
    (request, response) => {
      if (request.method === 'POST' && request.url === '/api/orders') {
        createOrder(request, response).catch((error: unknown) => {
          report(error);
          answer(response, 503, { message: 'the order was not stored' });
        });
      } else if (request.url === '/health/ready') {
        answer(response, 200, { status: 'ok' });
      } else {
        answer(response, 404, { message: 'not found' });
      }
    },
    config,
    () => publisher.idle(),
  );
});
