import { Module } from '@nestjs/common';
import type { Clock, MonotonicClock } from '@orderflow/platform/runtime/clock';
import { ACCEPTING, type Accepting } from '../accepting/accept-once.js';
import { AcceptingModule } from '../accepting/accepting.module.js';
import { CLOCK, METRICS, MONOTONIC, NOTIFICATIONS, ORDERS, type StoredItems } from '../infrastructure/tokens.js';
import { KEEP_READABLE, type KeepReadable } from '../lists/keep-readable.js';
import { LIMIT_LISTS, type LimitConcurrency } from '../lists/limit-concurrency.js';
import { ListsModule } from '../lists/lists.module.js';
import { LiveModule } from '../live/live.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { ACCEPT_ORDER, createAcceptOrder } from './accept-order.js';
import { createListOrders, LIST_ORDERS } from './list-orders.js';
import { createOrderMetrics, ORDER_METRICS, type OrderMetrics } from './order-metrics.js';
import { OrdersController } from './orders.controller.js';
import { createReadOrder, READ_ORDER } from './read-order.js';
import { createReadTimeline, READ_TIMELINE } from './read-timeline.js';
import { createReplayOrder, REPLAY_ORDER } from './replay-order.js';

@Module({
  imports: [AcceptingModule, ListsModule, NotificationsModule, LiveModule],
  controllers: [OrdersController],
  providers: [
    { provide: ORDER_METRICS, inject: [METRICS], useFactory: createOrderMetrics },
    {
      provide: ACCEPT_ORDER,
      inject: [ACCEPTING, ORDERS, ORDER_METRICS],
      useFactory: (accepting: Accepting, orders: StoredItems, { created }: OrderMetrics) =>
        createAcceptOrder({ ...accepting, ...orders, onCreated: created }),
    },
    {
      provide: READ_ORDER,
      inject: [ORDERS],
      useFactory: ({ reader }: StoredItems) => createReadOrder(reader),
    },
    {
      provide: LIST_ORDERS,
      inject: [ORDERS, LIMIT_LISTS, KEEP_READABLE, CLOCK, MONOTONIC],
      useFactory: (
        { reader: orders }: StoredItems,
        limit: LimitConcurrency,
        keepReadable: KeepReadable,
        now: Clock,
        monotonic: MonotonicClock,
      ) => createListOrders({ orders, limit, keepReadable, now, monotonic }),
    },
    {
      provide: READ_TIMELINE,
      inject: [ORDERS, NOTIFICATIONS, LIMIT_LISTS, KEEP_READABLE],
      useFactory: (
        { reader: orders }: StoredItems,
        { reader: notifications }: StoredItems,
        limit: LimitConcurrency,
        keepReadable: KeepReadable,
      ) => createReadTimeline({ orders, notifications, limit, keepReadable }),
    },
    {
      provide: REPLAY_ORDER,
      inject: [ACCEPTING, ORDERS],
      useFactory: (accepting: Accepting, orders: StoredItems) => createReplayOrder({ ...accepting, ...orders }),
    },
  ],
  exports: [ORDER_METRICS],
})
export class OrdersModule {}
