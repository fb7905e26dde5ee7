import { Module } from '@nestjs/common';
import { ListsModule } from '../lists/lists.module.js';
import { EventStreams } from './event-stream.js';
import { FollowOrder } from './follow-order.js';
import { LiveController } from './live.controller.js';
import { OrderWatcher } from './order-watcher.js';
import { PeekDeadLetters } from './peek-dead-letters.js';
import { SystemFeed } from './system-feed.js';
import { SystemSources } from './system-sources.js';

/** Shows the system while it works. It reads nothing while nobody watches. */
@Module({
  imports: [ListsModule],
  controllers: [LiveController],
  providers: [EventStreams, FollowOrder, OrderWatcher, PeekDeadLetters, SystemFeed, SystemSources],
  exports: [FollowOrder],
})
export class LiveModule {}
