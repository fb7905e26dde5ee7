import { Controller, Get, Inject, Ip, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { DeadLetterList, SystemState } from '@orderflow/contracts';
import type { FastifyReply } from 'fastify';
import { Answers } from '../documentation/answers.js';
import { clientOf } from '../http/client-of.js';
import { sendEvents } from '../http/send-events.js';
import { USE_CASES, type UseCases } from '../use-cases.js';

@ApiTags('system')
@Controller('api')
export class LiveController {
  constructor(@Inject(USE_CASES) private readonly useCases: UseCases) {}

  @Get('system')
  @Answers({ status: 200, body: SystemState, problems: [429] })
  system(): Promise<SystemState> {
    return this.useCases.systemFeed.current();
  }

  /** Documented in docs/http-api.md only: tools that try out OpenAPI routes would wait for its end. */
  @Get('system/events')
  @ApiExcludeEndpoint()
  async events(@Ip() ip: string, @Res() reply: FastifyReply): Promise<void> {
    sendEvents(reply, await this.useCases.watchSystem(clientOf(ip)));
  }

  @Get('dead-letters')
  @Answers({ status: 200, body: DeadLetterList, problems: [429, 503] })
  deadLetters(): Promise<DeadLetterList> {
    return this.useCases.peekDeadLetters();
  }
}
