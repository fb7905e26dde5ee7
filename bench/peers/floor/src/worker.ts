import { setTimeout } from 'node:timers/promises';
import { resourceNames, type OrderCreatedEvent } from '@orderflow/contracts';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderOutcome } from '@orderflow/domain/orders/order-events';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { runMain } from '@orderflow/platform/runtime/run-main';
import { claimItem, finishItem } from '@orderflow/platform/work-item/claim';
import { createCallAws } from './call-aws.js';
import { loadConfig } from './config.js';
import { createPublisher } from './publisher.js';
import { openQueue, type Message } from './queue.js';
import { report, serve } from './serve.js';
import { createStatements } from './statements.js';

/** Messages in flight. At this limit receiving pauses. */
const MAX_AT_A_TIME = 500;
const PAUSE_AFTER_ERROR_MS = 1_000;

await runMain(async () => {
  const config = loadConfig(process.env);
  const names = resourceNames(config.STAGE);
  const callAws = createCallAws(config);
  const statements = createStatements(callAws, config.BATCHES_IN_FLIGHT);
  const publisher = createPublisher(callAws, names.bus, config.BATCHES_IN_FLIGHT);
  const queue = await openQueue(callAws, names.orderQueue, config.BATCHES_IN_FLIGHT);
  const table = ordersTable(names, { notifies: false });
  /** Lease and delay as in the order worker. */
  const store = { executor: statements, table, now: Date.now, leaseMs: 30_000, markerDelayMs: 5_000 };

  /** The completed order; undefined if another delivery holds the claim. */
  async function complete({ data, metadata }: OrderCreatedEvent, message: Message) {
    const { orderId: id, customerId, totalAmount } = data;
    const attempt = Number(message.Attributes.ApproximateReceiveCount);
    const sentAt = new Date(Number(message.Attributes.SentTimestamp)).toISOString();
    const received = {
      name: 'received',
      at: new Date().toISOString(),
      sentAt,
      attempt,
      messageId: message.MessageId,
      worker: 'floor',
    };
    const claim = await claimItem(store, { id, messageId: message.MessageId, entry: received });
    if (claim.kind === 'unknown' || claim.kind === 'mismatch') throw new Error(`there is no such order ${id}`);
    if (claim.kind === 'leased') return undefined;
    if (claim.kind === 'finished') return claim.item as OrderRecord;

    if (config.FULFILMENT_DELAY_MS > 0) await setTimeout(config.FULFILMENT_DELAY_MS);

    const now = Date.now();
    const updatedAt = new Date(now).toISOString();
    const entry = { name: 'completed', at: updatedAt };
    const outcome = { result: 'completed', now, attributes: {}, entries: [entry], outboxAt: 0 } as const;
    if (!(await finishItem(store, claim.ownership, outcome))) return undefined;
    const version = claim.ownership.version + 1;
    const { correlationId } = metadata;
    return { orderId: id, customerId, totalAmount, correlationId, status: ORDER_STATES.completed, version, updatedAt };
  }

  /** If the order cannot be completed or its event published, SQS redelivers the message. */
  async function handle(message: Message): Promise<void> {
    const { detail } = JSON.parse(message.Body) as { detail: OrderCreatedEvent };
    const order = await complete(detail, message);
    const event = order && orderOutcome(order);
    if (event) await publisher.publish(event);
    await queue.remove(message);
  }

  const underway = new Set<Promise<void>>();
  /** Pollers at the limit. */
  const waiting: (() => void)[] = [];
  let stopping = false;

  async function poll(): Promise<void> {
    while (!stopping) {
      try {
        for (const message of await queue.receive(config.SQS_WAIT_TIME_SECONDS)) {
          const handled = handle(message)
            .catch(report)
            .then(() => {
              underway.delete(handled);
              waiting.shift()?.();
            });
          underway.add(handled);
        }
      } catch (error) {
        report(error);
        await setTimeout(PAUSE_AFTER_ERROR_MS);
      }
      while (underway.size >= MAX_AT_A_TIME) await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  const polls = Array.from({ length: config.WORKER_POLLERS }, poll);
  await serve(
    ({ url }, response) => {
      response.writeHead(url === '/health/ready' ? 200 : 404).end();
    },
    config,
    async () => {
      stopping = true;
      await Promise.all(polls);
      await Promise.all(underway);
    },
  );
});
