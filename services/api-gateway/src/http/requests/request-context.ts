import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { CORRELATION_ID } from '@orderflow/contracts';
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { invalid } from '../problems/api-problem.js';

/** The part of a request that is stored and sent on with the work it causes. */
export type RequestContext = {
  correlationId: string;
  idempotencyKey?: string;
  traceparent: string;
};

/** Visible ASCII: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ leaves the limits to us. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The client's correlation id if it is valid, otherwise a new one. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-correlation-id'];
  return typeof given === 'string' && CORRELATION_ID.test(given) ? given : randomUUID();
}

function idempotencyKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || !IDEMPOTENCY_KEY.test(given)) {
    throw invalid('header Idempotency-Key', 'Idempotency-Key must be 1 to 255 visible ASCII characters');
  }
  return given;
}

/** The request's context, for controllers. */
export const Context = createParamDecorator((_: unknown, execution: ExecutionContext): RequestContext => {
  const { id, headers, traceparent } = execution.switchToHttp().getRequest<FastifyRequest>();
  return { correlationId: id, traceparent, idempotencyKey: idempotencyKeyOf(headers) };
});
