import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { DeadLetterList, SystemState } from '@orderflow/contracts';
import type { FastifyReply } from 'fastify';
import { Answers } from '../documentation/answers.js';
import { sendEvents } from '../http/answers/send-events.js';
import { NeedsScope } from '../identity/scopes.guard.js';
import { FromClient, type Client } from './event-stream.js';
import { PeekDeadLetters } from './peek-dead-letters.js';
import { SystemFeed } from './system-feed.js';

@ApiTags('system')
@Controller('api')
@NeedsScope('ops')
export class LiveController {
  constructor(
    private readonly systemFeed: SystemFeed,
    private readonly peekDeadLetters: PeekDeadLetters,
  ) {}

  @Get('system')
  @Answers({ status: 200, body: SystemState, problems: [429] })
  system(): Promise<SystemState> {
    return this.systemFeed.current();
  }

  /** Documented in docs/http-api.md only: OpenAPI tools would wait for the end of the stream. */
  @Get('system/events')
  @ApiExcludeEndpoint()
  async events(@FromClient() client: Client, @Res() reply: FastifyReply): Promise<void> {
    sendEvents(reply, await this.systemFeed.watch(client));
  }

  @Get('dead-letters')
  @Answers({ status: 200, body: DeadLetterList, problems: [429, 503] })
  deadLetters(): Promise<DeadLetterList> {
    return this.peekDeadLetters.list();
  }
}
