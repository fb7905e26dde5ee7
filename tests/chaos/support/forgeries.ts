import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { contentHashOf, type OutgoingEvent, type WorkQueue } from '@orderflow/contracts';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated, orderOutcome } from '@orderflow/domain/orders/order-events';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';

/** The dead letter that a forgery must become. */
export type Letter = { queue: WorkQueue; code: string; path: string };

/** A forged or edited event, by someone who may write to the bus, or to the queues. */
export type Forgery = { kind: string; via: 'bus' | 'queue'; event: OutgoingEvent; letter: Letter };

/** The first product of every forged order: the warehouse records orders by its name. */
export const FORGED_PRODUCT = 'Forged gold bar';

const OTHER_ITEMS = [{ productId: 'gold', productName: FORGED_PRODUCT, quantity: 1, unitPrice: 12.5 }];
const MISMATCH = { code: 'EVENT_MISMATCH', path: 'detail.data' };
const UNKNOWN_SOURCE = { code: 'UNKNOWN_EVENT_SOURCE', path: 'source' };
const toOrders = (letter: Omit<Letter, 'queue'>): Letter => ({ queue: 'orders', ...letter });
const toNotifications: Letter = { queue: 'notifications', ...MISMATCH };

type Changes = { data?: object; metadata?: object; source?: string };

/** A copy with changes. The hash is left as it is. */
function edited(event: OutgoingEvent, { data = {}, metadata = {}, source = event.source }: Changes): OutgoingEvent {
  const copy = structuredClone(event);
  Object.assign(copy.detail.data, data);
  Object.assign(copy.detail.metadata, metadata);
  return { ...copy, source };
}

/** A copy with changed data and the hash that fits them. */
function forged(event: OutgoingEvent, data: object): OutgoingEvent {
  const contentHash = contentHashOf({ ...event.detail.data, ...data });
  return edited(event, { data, metadata: { contentHash } });
}

/** Forgeries about an order that no worker has claimed. */
export function forgeriesOf(pending: OrderRecord): Forgery[] {
  const real = orderCreated(pending);
  const [item] = pending.items;
  const cheaper = {
    items: [Object.assign({}, item, { productName: FORGED_PRODUCT, unitPrice: 0.01 })],
    totalAmount: 0.01,
  };
  const outcome = orderOutcome({ ...pending, status: 'COMPLETED', version: 3 })!;
  const items = { items: OTHER_ITEMS };
  const stranger = { source: 'orderflow.stranger' };
  const keptHash = { code: MISMATCH.code, path: 'detail.metadata.contentHash' };
  return [
    { kind: 'other items', via: 'bus', event: forged(real, items), letter: toOrders(MISMATCH) },
    { kind: 'another price', via: 'queue', event: forged(real, cheaper), letter: toOrders(MISMATCH) },
    { kind: 'another time', via: 'bus', event: forged(real, { createdAt: later(real) }), letter: toOrders(MISMATCH) },
    {
      kind: 'other items, and no hash',
      via: 'bus',
      event: edited(real, { data: items, metadata: { contentHash: undefined } }),
      letter: toOrders(MISMATCH),
    },
    { kind: 'an edited copy', via: 'bus', event: edited(real, { data: items }), letter: toOrders(keptHash) },
    // The rule of the order queue drops such an event.
    { kind: 'another source', via: 'queue', event: edited(real, stranger), letter: toOrders(UNKNOWN_SOURCE) },
    {
      kind: "an outcome's other source",
      via: 'bus',
      event: edited(outcome, stranger),
      letter: { queue: 'notifications', ...UNKNOWN_SOURCE },
    },
    { kind: 'an outcome too early', via: 'bus', event: outcome, letter: toNotifications },
  ];
}

/** Forgeries about an order that has ended. */
export function lateForgeriesOf(completed: OrderRecord): Forgery[] {
  const failure = { code: 'OUT_OF_STOCK', message: 'Forged.', retriable: false };
  const failed = orderOutcome({ ...completed, status: 'FAILED', failure })!;
  const next = orderOutcome({ ...completed, version: completed.version + 2 })!;
  return [
    {
      kind: 'other items, too late',
      via: 'queue',
      event: forged(orderCreated(completed), { items: OTHER_ITEMS }),
      letter: toOrders(MISMATCH),
    },
    { kind: 'the opposite outcome', via: 'bus', event: failed, letter: toNotifications },
    { kind: 'a later outcome', via: 'queue', event: next, letter: toNotifications },
  ];
}

const later = ({ detail }: OutgoingEvent): string =>
  new Date(Date.parse(detail.metadata.occurredAt) + 60_000).toISOString();

/** Sends them directly to the emulator. */
export async function send({ aws, names, urlOf }: ConnectedSystem, forgeries: readonly Forgery[]): Promise<void> {
  for (const { via, event, letter } of forgeries) {
    const { source, type, detail } = event;
    if (via === 'bus') {
      const entry = { EventBusName: names.bus, Source: source, DetailType: type, Detail: JSON.stringify(detail) };
      await aws.eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
    } else {
      const QueueUrl = await urlOf(letter.queue === 'orders' ? names.orderQueue : names.notificationQueue);
      const MessageBody = JSON.stringify({ source, 'detail-type': type, detail });
      await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    }
  }
}
