import { applyDecorators, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { isProbe } from '../http/telemetry/http-metrics.js';
import { scopeMissing } from './authenticate.js';
import { mayDo, type Scope } from './caller.js';

const SCOPE = 'scope';

/** Name of the security scheme in the OpenAPI document. */
export const ACCESS_TOKEN = 'accessToken';

/** The scope that a route needs. A route without one is for operators. */
export const NeedsScope = (scope: Scope): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(SCOPE, scope), ApiSecurity(ACCESS_TOKEN, [scope]));

/** A route for every caller, whatever its scopes. */
export const NeedsToken = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(SCOPE, 'any'), ApiSecurity(ACCESS_TOKEN, []));

/** Lets a request through if its caller has the scope of the route. */
@Injectable()
export class ScopesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (isProbe(request)) return true;
    const declared = this.reflector.getAllAndOverride<Scope | 'any' | undefined>(SCOPE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const scope = declared ?? 'ops';
    const { caller } = request;
    if (!caller || (scope !== 'any' && !mayDo(caller, scope))) throw scopeMissing(scope);
    return true;
  }
}
