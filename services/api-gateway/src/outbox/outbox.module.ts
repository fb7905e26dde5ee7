import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { OutboxSweeper } from './outbox-sweeper.js';

@Module({ imports: [OrdersModule], providers: [OutboxSweeper], exports: [OutboxSweeper] })
export class OutboxModule {}
