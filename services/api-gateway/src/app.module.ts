import {
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { API_READINESS, HealthController, type ApiReadiness } from './health/health.controller.js';
import { LiveController } from './live/live.controller.js';
import { NotificationsController } from './notifications/notifications.controller.js';
import { OrdersController } from './orders/orders.controller.js';
import { USE_CASES, type UseCases } from './use-cases.js';

export type Parts = {
  useCases: UseCases;
  readiness: ApiReadiness;
  /** What runs beside the requests. */
  background: Background;
};

type Work = {
  start: () => void;
  /** Takes the process out of service, then ends what would keep requests open forever. */
  leave: () => Promise<void>;
  stop: () => Promise<void>;
};

/** Started when the application is, stopped when the last request has been answered. */
export class Background implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(private readonly work: Work) {}

  onApplicationBootstrap(): void {
    this.work.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.work.leave();
  }

  onApplicationShutdown(): Promise<void> {
    return this.work.stop();
  }
}

@Module({})
export class AppModule {
  static of({ useCases, readiness, background }: Parts): DynamicModule {
    return {
      module: AppModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [OrdersController, NotificationsController, LiveController, HealthController],
      providers: [
        { provide: USE_CASES, useValue: useCases },
        { provide: API_READINESS, useValue: readiness },
        { provide: Background, useValue: background },
      ],
    };
  }
}
