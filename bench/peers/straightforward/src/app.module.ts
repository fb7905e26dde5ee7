import { Body, Controller, Get, Inject, Module, Post, Req, Res, type DynamicModule } from '@nestjs/common';
import { CreateOrderRequest } from '@orderflow/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OrdersService } from './orders.service.js';

@Controller('api/orders')
class OrdersController {
  constructor(@Inject(OrdersService) private readonly orders: OrdersService) {}

  @Post()
  async create(
    @Body() body: CreateOrderRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const order = await this.orders.create(body, request.id);
    void reply.header('location', `/api/orders/${order.orderId}`);
    return order;
  }
}

@Controller('health')
class HealthController {
  @Get('ready')
  ready() {
    return { status: 'ok' };
  }
}

@Module({})
export class AppModule {
  static of(orders: OrdersService): DynamicModule {
    return {
      module: AppModule,
      controllers: [OrdersController, HealthController],
      providers: [{ provide: OrdersService, useValue: orders }],
    };
  }
}
