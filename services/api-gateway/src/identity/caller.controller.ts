import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CallerInfo } from '@orderflow/contracts';
import { Answers } from '../documentation/answers.js';
import { FromCaller, type Caller } from './caller.js';
import { NeedsToken } from './scopes.guard.js';

/** Tells clients who they are. They must not read access tokens: https://www.rfc-editor.org/rfc/rfc9068#section-6 */
@ApiTags('caller')
@Controller('api/caller')
export class CallerController {
  @Get()
  @NeedsToken()
  @Answers({ status: 200, body: CallerInfo, problems: [429] })
  caller(@FromCaller() { subject, customerId, scopes }: Caller): CallerInfo {
    return { subject, customerId, scopes: [...scopes] };
  }
}
