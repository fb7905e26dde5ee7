import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  CreateOrderRequest,
  ListNotificationsQuery,
  ListOrdersQuery,
  NotificationList,
  Order,
  OrderPage,
  Timeline,
} from '@orderflow/contracts';
import { toOrder } from '@orderflow/domain/orders/order';
import type { FastifyReply } from 'fastify';
import { AcceptsIdempotencyKey, Answers, AnswersEvents, RequestHeader } from '../documentation/answers.js';
import { etagOf, matchesEtag } from '../http/answers/etag.js';
import { FromCaller, type Caller } from '../identity/caller.js';
import { NeedsScope } from '../identity/scopes.guard.js';
import { FromClient, type Client } from '../live/event-stream.js';
import { Context, type RequestContext } from '../http/requests/request-context.js';
import { UuidPipe } from '../http/requests/request-validation.pipe.js';
import { sendEvents } from '../http/answers/send-events.js';
import { Orders } from '../infrastructure/stored-items.js';
import { FollowOrder } from '../live/follow-order.js';
import { ReadNotifications } from '../notifications/read-notifications.js';
import { AcceptOrder } from './accept-order.js';
import { ListOrders } from './list-orders.js';
import { ReadTimeline } from './read-timeline.js';
import { ReplayOrder } from './replay-order.js';

@ApiTags('orders')
@Controller('api/orders')
export class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly acceptOrder: AcceptOrder,
    private readonly listOrders: ListOrders,
    private readonly readTimeline: ReadTimeline,
    private readonly followOrder: FollowOrder,
    private readonly replayOrder: ReplayOrder,
    private readonly readNotifications: ReadNotifications,
  ) {}

  @Post()
  @NeedsScope('orders:write')
  @AcceptsIdempotencyKey()
  @Answers({ status: 201, body: Order, location: true, problems: [400, 403, 413, 415, 422, 429, 503] })
  async create(
    @FromCaller() caller: Caller,
    @Body() body: CreateOrderRequest,
    @Context() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Order> {
    const { order, isRepeat } = await this.acceptOrder.accept(caller, body, context);
    if (isRepeat) void reply.header('idempotent-replayed', 'true');
    void reply.header('location', `/api/orders/${order.orderId}`);
    return order;
  }

  @Get()
  @NeedsScope('orders:read')
  @Answers({ status: 200, body: OrderPage, problems: [400, 429, 503] })
  list(@FromCaller() caller: Caller, @Query() query: ListOrdersQuery): Promise<OrderPage> {
    return this.listOrders.list(caller, query);
  }

  @Get(':orderId')
  @NeedsScope('orders:read')
  @RequestHeader('If-None-Match', 'An ETag from an earlier answer.')
  @Answers({ status: 200, body: Order, etag: true, problems: [400, 404, 429, 503] })
  async get(
    @FromCaller() caller: Caller,
    @Param('orderId', UuidPipe) orderId: string,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Order | undefined> {
    const order = toOrder(await this.orders.getRecord(caller, orderId));
    const etag = etagOf(order.version);
    void reply.header('etag', etag);
    if (!matchesEtag(ifNoneMatch, etag)) return order;
    void reply.status(304);
    return undefined;
  }

  @Get(':orderId/timeline')
  @NeedsScope('orders:read')
  @Answers({ status: 200, body: Timeline, problems: [400, 404, 429, 503] })
  timeline(@FromCaller() caller: Caller, @Param('orderId', UuidPipe) orderId: string): Promise<Timeline> {
    return this.readTimeline.read(caller, orderId);
  }

  @Get(':orderId/events')
  @NeedsScope('orders:read')
  @AnswersEvents({
    description: '`order` with the current state, then `step` and `order` for each change; ends with the outcome.',
    problems: [400, 403, 404, 429, 503],
  })
  async events(
    @FromCaller() caller: Caller,
    @Param('orderId', UuidPipe) orderId: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @FromClient() client: Client,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendEvents(reply, await this.followOrder.follow(caller, orderId, client, lastEventId));
  }

  @Post(':orderId/replay')
  @HttpCode(202)
  @NeedsScope('ops')
  @Answers({ status: 202, body: Order, problems: [400, 403, 404, 409, 413, 415, 429, 503] })
  replay(@FromCaller() caller: Caller, @Param('orderId', UuidPipe) orderId: string): Promise<Order> {
    return this.replayOrder.replay(caller, orderId);
  }

  @Get(':orderId/notifications')
  @NeedsScope('orders:read')
  @Answers({ status: 200, body: NotificationList, problems: [400, 404, 429, 503] })
  notifications(
    @FromCaller() caller: Caller,
    @Param('orderId', UuidPipe) orderId: string,
    @Query() query: ListNotificationsQuery,
  ): Promise<NotificationList> {
    return this.readNotifications.ofOrder(caller, orderId, query);
  }
}
