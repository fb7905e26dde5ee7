import { Module } from '@nestjs/common';
import { AcceptingModule } from '../accepting/accepting.module.js';
import { ListsModule } from '../lists/lists.module.js';
import { LiveModule } from '../live/live.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { AcceptOrder } from './accept-order.js';
import { ListOrders } from './list-orders.js';
import { OrderMetrics } from './order-metrics.js';
import { OrdersController } from './orders.controller.js';
import { ReadTimeline } from './read-timeline.js';
import { ReplayOrder } from './replay-order.js';

@Module({
  imports: [AcceptingModule, ListsModule, NotificationsModule, LiveModule],
  controllers: [OrdersController],
  providers: [AcceptOrder, ListOrders, OrderMetrics, ReadTimeline, ReplayOrder],
  exports: [OrderMetrics],
})
export class OrdersModule {}
