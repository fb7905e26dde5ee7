import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Problem } from '@orderflow/contracts';
import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import type { Logger } from '@orderflow/platform/runtime/logger';
import { traceIdOf } from '@orderflow/platform/telemetry/traceparent';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, malformed } from './api-problem.js';
import { RESOURCE_PATH } from '../../identity/protected-resource.js';
import { isProbe } from '../telemetry/http-metrics.js';
import { decodedPathOf, pathOf } from '../requests/request-path.js';

const RETRY_AFTER_SECONDS = 2;

/** Maps any error to the problem that the client sees: never a stack or an internal message. */
function toApiProblem(exception: unknown): ApiProblem {
  if (exception instanceof ApiProblem) return exception;
  // The framework's own errors.
  const status = exception instanceof HttpException ? exception.getStatus() : 500;
  if (status === 404)
    return new ApiProblem('ROUTE_NOT_FOUND', 'There is nothing at this path; /docs lists the routes.');
  if (status === 413) return new ApiProblem('PAYLOAD_TOO_LARGE', 'The request body is too large.');
  if (status === 415) return new ApiProblem('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
  if (status < 500) return malformed((exception as HttpException).message);
  if (!(exception instanceof HttpException) && isUnavailable(exception)) {
    return new ApiProblem(
      'STORAGE_UNAVAILABLE',
      'The database cannot be reached. Try again shortly; with an Idempotency-Key that can never order twice.',
    );
  }
  return new ApiProblem('INTERNAL_ERROR', 'Something went wrong here. The correlation id finds it in the log.');
}

/** The body of an answer. @param instance the request's path */
export function problemOf(
  { status, detail, code, errors }: ApiProblem,
  instance: string,
  correlationId: string,
): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  return { type: 'about:blank', title, status, detail, instance, code, correlationId, errors };
}

/** The challenge of an answer about tokens, by RFC 6750 and RFC 9728; undefined for any other problem. */
function challengeOf(
  { code, detail, tokenError }: ApiProblem,
  { protocol, headers }: FastifyRequest,
): string | undefined {
  const scope = tokenError?.scope;
  const codes = { TOKEN_REQUIRED: '', TOKEN_INVALID: 'invalid_token', SCOPE_MISSING: 'insufficient_scope' };
  const error = tokenError?.error ?? (codes as Record<string, string>)[code];
  if (error === undefined) return undefined;
  const about = error === '' ? {} : { error, error_description: detail.replace(/[^ !#-[\]-~]/g, "'") };
  const parameters = {
    realm: 'orderflow',
    ...about,
    scope,
    // Not X-Forwarded-Host: the request guard has checked this one.
    resource_metadata: `${protocol}://${headers.host ?? ''}${RESOURCE_PATH}`,
  };
  const written = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value}"`],
  );
  return `Bearer ${written.join(', ')}`;
}

export function sendProblem(reply: FastifyReply, request: FastifyRequest, problem: ApiProblem): void {
  const { status } = problem;
  if (status === 503) void reply.header('retry-after', RETRY_AFTER_SECONDS);
  const challenge = challengeOf(problem, request);
  if (challenge !== undefined) void reply.header('www-authenticate', challenge);
  void reply
    .header('x-correlation-id', request.id)
    .status(status)
    .type('application/problem+json')
    .send(problemOf(problem, pathOf(request), request.id));
}

/** Error codes of Node and Fastify that mean the client has left. */
const BROKEN_OFF: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];

/** Whether the request failed because its client left. This is not a server error, and no one would read an answer. */
function isBrokenOff(exception: unknown, { raw }: FastifyRequest): boolean {
  return raw.socket.destroyed && BROKEN_OFF.includes((exception as NodeJS.ErrnoException | undefined)?.code);
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    /** To tell a wrong method (405) from a wrong path (404). */
    private readonly allowedMethodsOf: (path: string) => string[],
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();

    if (isBrokenOff(exception, request)) {
      reply.hijack();
      return;
    }
    // A failed health check answers with terminus' report.
    if (exception instanceof HttpException && isProbe(request) && exception.getStatus() === 503) {
      void reply.status(503).send(exception.getResponse());
      return;
    }
    const problem = toApiProblem(exception);
    // The framework may reject a body before it notices that no route would read it.
    const isUnmatched = !(exception instanceof ApiProblem) && (request.is404 || problem.code === 'ROUTE_NOT_FOUND');
    const methods = isUnmatched ? this.allowedMethodsOf(decodedPathOf(request)) : [];
    if (methods.length > 0) {
      const allow = methods.join(', ');
      void reply.header('allow', allow);
      sendProblem(reply, request, new ApiProblem('METHOD_NOT_ALLOWED', `This path supports ${allow}.`));
      return;
    }
    if (problem.code === 'INTERNAL_ERROR') {
      const { id: correlationId, traceparent } = request;
      this.logger.error('request failed', { correlationId, traceId: traceIdOf(traceparent), err: exception });
    }
    sendProblem(reply, request, problem);
  }
}
