import { Module } from '@nestjs/common';

import { ACCEPTING, type Accepting } from '../accepting/accept-once.js';
import { AcceptingModule } from '../accepting/accepting.module.js';
import { NOTIFICATIONS, ORDERS, type StoredItems } from '../infrastructure/tokens.js';
import { KEEP_READABLE, type KeepReadable } from '../lists/keep-readable.js';
import { LIMIT_LISTS, type LimitConcurrency } from '../lists/limit-concurrency.js';
import { ListsModule } from '../lists/lists.module.js';
import { ACCEPT_NOTIFICATION, createAcceptNotification } from './accept-notification.js';
import { NotificationsController } from './notifications.controller.js';
import { createReadNotifications, READ_NOTIFICATIONS } from './read-notifications.js';

@Module({
  imports: [AcceptingModule, ListsModule],
  controllers: [NotificationsController],
  providers: [
    {
      provide: ACCEPT_NOTIFICATION,
      inject: [ACCEPTING, NOTIFICATIONS, ORDERS],
      useFactory: (accepting: Accepting, notifications: StoredItems, { reader: orders }: StoredItems) =>
        createAcceptNotification({ ...accepting, ...notifications, orders }),
    },
    {
      provide: READ_NOTIFICATIONS,
      inject: [ORDERS, NOTIFICATIONS, LIMIT_LISTS, KEEP_READABLE],
      useFactory: (
        { reader: orders }: StoredItems,
        { reader: notifications }: StoredItems,
        limit: LimitConcurrency,
        keepReadable: KeepReadable,
      ) => createReadNotifications({ orders, notifications, limit, keepReadable }),
    },
  ],
  exports: [READ_NOTIFICATIONS],
})
export class NotificationsModule {}
