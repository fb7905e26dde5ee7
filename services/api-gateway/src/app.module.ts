import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { API_READINESS, HealthController, type ApiReadiness } from './health/health.controller.js';
import { NotificationsController } from './notifications/notifications.controller.js';
import { OrdersController } from './orders/orders.controller.js';
import { USE_CASES, type UseCases } from './use-cases.js';

export type Parts = {
  useCases: UseCases;
  readiness: ApiReadiness;
  /** What runs beside the requests. */
  background: Background;
};

/** Started when the application is, stopped when the last request has been answered. */
export class Background implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly start: () => void,
    private readonly stop: () => Promise<void>,
  ) {}

  onApplicationBootstrap(): void {
    this.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.stop();
  }
}

@Module({})
export class AppModule {
  static of({ useCases, readiness, background }: Parts): DynamicModule {
    return {
      module: AppModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [OrdersController, NotificationsController, HealthController],
      providers: [
        { provide: USE_CASES, useValue: useCases },
        { provide: API_READINESS, useValue: readiness },
        { provide: Background, useValue: background },
      ],
    };
  }
}
