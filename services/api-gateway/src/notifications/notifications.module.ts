import { Module } from '@nestjs/common';
import { AcceptingModule } from '../accepting/accepting.module.js';
import { ListsModule } from '../lists/lists.module.js';
import { AcceptNotification } from './accept-notification.js';
import { NotificationsController } from './notifications.controller.js';
import { ReadNotifications } from './read-notifications.js';

@Module({
  imports: [AcceptingModule, ListsModule],
  controllers: [NotificationsController],
  providers: [AcceptNotification, ReadNotifications],
  exports: [ReadNotifications],
})
export class NotificationsModule {}
