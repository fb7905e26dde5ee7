import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { OutboxSweeper } from './outbox-sweeper.js';

/** Runs the sweeper, which republishes the events of due markers. */
@Module({ imports: [OrdersModule], providers: [OutboxSweeper], exports: [OutboxSweeper] })
export class OutboxModule {}
