import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CreateNotificationRequest, Notification } from '@orderflow/contracts';
import type { FastifyReply } from 'fastify';
import { AcceptsIdempotencyKey, Answers } from '../documentation/answers.js';
import { FromCaller, type Caller } from '../identity/caller.js';
import { NeedsScope } from '../identity/scopes.guard.js';
import { Context, type RequestContext } from '../http/requests/request-context.js';
import { UuidPipe } from '../http/requests/request-validation.pipe.js';
import { AcceptNotification } from './accept-notification.js';
import { ReadNotifications } from './read-notifications.js';

@ApiTags('notifications')
@Controller('api/notifications')
export class NotificationsController {
  constructor(
    private readonly acceptNotification: AcceptNotification,
    private readonly readNotifications: ReadNotifications,
  ) {}

  @Post()
  @HttpCode(202)
  @NeedsScope('notifications:write')
  @AcceptsIdempotencyKey()
  @Answers({ status: 202, body: Notification, location: true, problems: [400, 403, 404, 413, 415, 422, 429, 503] })
  async create(
    @FromCaller() caller: Caller,
    @Body() body: CreateNotificationRequest,
    @Context() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Notification> {
    const { notification, isRepeat } = await this.acceptNotification.accept(caller, body, context);
    if (isRepeat) void reply.header('idempotent-replayed', 'true');
    void reply.header('location', `/api/notifications/${notification.notificationId}`);
    return notification;
  }

  @Get(':notificationId')
  @NeedsScope('orders:read')
  @Answers({ status: 200, body: Notification, problems: [400, 404, 429, 503] })
  get(@FromCaller() caller: Caller, @Param('notificationId', UuidPipe) notificationId: string): Promise<Notification> {
    return this.readNotifications.get(caller, notificationId);
  }
}
