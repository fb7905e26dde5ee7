import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { eventIdFor, newId } from '../ids.js';
import { newNotificationRecord, type NotificationRecord } from '../notifications/notification.js';
import { toAcceptedOrder, toOrder, type OrderRecord } from './order.js';
import type { EventDetail, OutgoingEvent } from '@orderflow/contracts';
import { notificationRequested, notificationSent } from '../notifications/notification-events.js';
import { orderCreated, orderOutcome } from './order-events.js';
import { contentHashOf, EVENT_CLASSES, QUEUES, resourceNames } from '@orderflow/contracts';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { workItemTables } from '../work-item-tables.js';

const NOW_MS = Date.UTC(2027, 0, 1);
const NOW = new Date(NOW_MS).toISOString();
const LATER = new Date(NOW_MS + 60_000).toISOString();
const ORDER_ID = newId();
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const FAILURE = { code: 'OUT_OF_STOCK', message: 'None left', retriable: false };
const context = {
  requestHash: 'h',
  correlationId: 'c',
  traceparent: TRACEPARENT,
  now: NOW_MS,
  outboxAt: NOW_MS + 5_000,
};

const order = (): OrderRecord => aStoredOrder({ orderId: ORDER_ID, ...context });

const notification = (change: object = {}): NotificationRecord =>
  newNotificationRecord({
    notificationId: newId(),
    request: { orderId: ORDER_ID, message: 'Hello', channel: 'EMAIL' },
    ...context,
    ...change,
  });

/** A copy with other key orders, because DynamoDB promises none. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, reordered(child)] as const);
  return Object.fromEntries(entries.reverse());
}

/** The item as DynamoDB may return it later. */
function later<R extends object>(record: R, change: object): R {
  return reordered({ ...record, ...change }) as R;
}

const changed = { status: 'PROCESSING', version: 7, updatedAt: LATER, holder: 'm', outboxAt: 1, outboxAttempts: 3 };

describe('a republished event', () => {
  it('has the same bytes: OrderCreated', () => {
    const first = order();
    expect(JSON.stringify(orderCreated(later(first, changed)))).toBe(JSON.stringify(orderCreated(first)));
  });

  it('has the same bytes: NotificationRequested', () => {
    for (const first of [notification(), notification({ causationId: newId() })]) {
      const again = notificationRequested(later(first, { ...changed, status: 'SENDING' }));
      expect(JSON.stringify(again)).toBe(JSON.stringify(notificationRequested(first)));
    }
  });

  it('has the same bytes: OrderCompleted, OrderFailed, NotificationSent', () => {
    const completed = { ...order(), status: 'COMPLETED', version: 3, updatedAt: LATER } as OrderRecord;
    const failed = { ...completed, status: 'FAILED', failure: FAILURE } as OrderRecord;
    const sent = { ...notification(), status: 'SENT', version: 3, sentAt: LATER } as NotificationRecord;
    expect(JSON.stringify(orderOutcome(later(completed, {})))).toBe(JSON.stringify(orderOutcome(completed)));
    expect(JSON.stringify(orderOutcome(later(failed, {})))).toBe(JSON.stringify(orderOutcome(failed)));
    expect(JSON.stringify(notificationSent(later(sent, {})))).toBe(JSON.stringify(notificationSent(sent)));
  });
});

describe('events', () => {
  const completed = { ...order(), status: 'COMPLETED', version: 3, updatedAt: LATER } as OrderRecord;
  const failed = { ...completed, status: 'FAILED', failure: FAILURE } as OrderRecord;
  const sent = { ...notification(), status: 'SENT', version: 3, sentAt: LATER } as NotificationRecord;
  const all: (OutgoingEvent | undefined)[] = [
    orderCreated(order()),
    orderOutcome(completed),
    orderOutcome(failed),
    notificationRequested(notification()),
    notificationSent(sent),
  ];

  it('pass the validation of their consumers', () => {
    for (const event of all) {
      const EventClass = EVENT_CLASSES.find(({ type }) => type === event?.type)!;
      const read = plainToInstance(EventClass as new () => EventDetail, JSON.parse(JSON.stringify(event!.detail)));
      expect(validateSync(read, { whitelist: true, forbidNonWhitelisted: true })).toEqual([]);
      expect(event!.source).toBe(EventClass.source);
    }
    // A worker without a table derives its events from others.
    const withoutTable = Object.entries(QUEUES).flatMap(([queue, { worker }]) =>
      queue in workItemTables(resourceNames('test')) ? [] : [`orderflow.${worker}`],
    );
    const ofItems = EVENT_CLASSES.filter(({ source }) => !withoutTable.includes(source));
    expect(all.map((event) => event?.type).sort()).toEqual(ofItems.map(({ type }) => type).sort());
  });

  it('carry their context and their cause', () => {
    const created = orderCreated(order()).detail.metadata;
    expect(created).toEqual({
      eventId: eventIdFor(ORDER_ID, 'OrderCreated', 1),
      version: 1,
      occurredAt: NOW,
      correlationId: 'c',
      traceparent: TRACEPARENT,
      contentHash: contentHashOf(orderCreated(order()).detail.data),
    });
    expect(orderOutcome(completed)!.detail.metadata).toEqual({
      eventId: eventIdFor(ORDER_ID, 'OrderCompleted', 3),
      version: 1,
      occurredAt: LATER,
      correlationId: 'c',
      traceparent: TRACEPARENT,
      causationId: created.eventId,
      contentHash: contentHashOf(orderOutcome(completed)!.detail.data),
    });
  });

  it("carry the worker's trace context if they report a traced outcome; OrderCreated keeps its own", () => {
    const outcomeTraceparent = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01';
    const traced = { ...completed, outcomeTraceparent };
    expect(orderOutcome(traced)!.detail.metadata.traceparent).toBe(outcomeTraceparent);
    expect(orderCreated(traced)).toEqual(orderCreated(completed));
    const sent = { ...notification(), status: 'SENT', version: 3, sentAt: LATER, outcomeTraceparent } as const;
    expect(notificationSent(sent)!.detail.metadata.traceparent).toBe(outcomeTraceparent);
  });

  it('NotificationSent names its cause', () => {
    const causationOf = (record: NotificationRecord) => notificationSent(record)?.detail.metadata.causationId;
    const sent = { status: 'SENT', version: 3, sentAt: LATER } as const;
    const asked = { ...notification(), ...sent };
    expect(causationOf(asked)).toBe(eventIdFor(asked.notificationId, 'NotificationRequested', 1));
    const outcomeId = newId();
    expect(causationOf({ ...notification({ causationId: outcomeId }), ...sent })).toBe(outcomeId);
  });

  it('have another id in another life of the order', () => {
    const again = { ...failed, version: 6 };
    expect(orderOutcome(again)!.detail.metadata.eventId).not.toBe(orderOutcome(failed)!.detail.metadata.eventId);
  });

  it('do not exist for an item without an outcome', () => {
    expect(orderOutcome(order())).toBeUndefined();
    expect(orderOutcome({ ...order(), status: 'PROCESSING' })).toBeUndefined();
    expect(notificationSent(notification())).toBeUndefined();
    expect(notificationSent({ ...notification(), status: 'FAILED' })).toBeUndefined();
  });
});

describe('the public view of an order', () => {
  it('has no internal attributes', () => {
    expect(Object.keys(toOrder(order())).sort()).toEqual([
      'correlationId',
      'createdAt',
      'customerId',
      'items',
      'orderId',
      'status',
      'totalAmount',
      'updatedAt',
      'version',
    ]);
  });

  it('has a failure only while the order is FAILED', () => {
    const record = { ...order(), failure: FAILURE };
    expect(toOrder(record)).not.toHaveProperty('failure');
    expect(toOrder({ ...record, status: 'FAILED' }).failure).toEqual(FAILURE);
  });

  it('shows the order as it was accepted, whatever happened since', () => {
    const first = order();
    const done = later(first, { ...changed, status: 'FAILED', failure: FAILURE });
    expect(toAcceptedOrder(done)).toEqual(toAcceptedOrder(first));
  });
});
