import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { HealthModule } from './health/health.module.js';
import { InfrastructureModule, type Infrastructure } from './infrastructure/infrastructure.module.js';
import { CallerModule } from './identity/caller.module.js';
import { ScopesGuard } from './identity/scopes.guard.js';
import { LiveModule } from './live/live.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { OutboxModule } from './outbox/outbox.module.js';

/**
 * The features of the API. The sweeper starts when the application has started. Shutdown takes one step after another:
 *
 *     onModuleDestroy            health          readiness fails, and load balancers get time to notice
 *     beforeApplicationShutdown  live            event streams end
 *     (Nest)                                     requests in flight are answered, and the port is closed
 *     onApplicationShutdown      outbox          the sweeper stops
 *     onApplicationShutdown      infrastructure  statements and events are flushed, tracing stops, clients close
 */
@Module({})
export class AppModule {
  static of(infrastructure: Infrastructure): DynamicModule {
    return {
      module: AppModule,
      // Without tokens there are no scopes, and a guard would cost every request time.
      providers: infrastructure.config.AUTH_MODE === 'off' ? [] : [{ provide: APP_GUARD, useClass: ScopesGuard }],
      imports: [
        InfrastructureModule.of(infrastructure),
        OrdersModule,
        NotificationsModule,
        CallerModule,
        LiveModule,
        OutboxModule,
        HealthModule,
      ],
    };
  }
}
