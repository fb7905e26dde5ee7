import rateLimit from '@fastify/rate-limit';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { MonotonicClock } from '@orderflow/platform/clock';
import { createRequestGuard } from '@orderflow/platform/http/request-guard';
import type { Logger } from '@orderflow/platform/logger';
import { traceIdOf } from '@orderflow/platform/telemetry/traceparent';
import type { Tracing } from '@orderflow/platform/telemetry/tracing';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import { fastify } from 'fastify';
import type { ApiEnv } from '../config.js';
import { openApiDocument } from '../documentation/openapi.js';
import { servePage } from '../page/serve-page.js';
import { boundMemory } from './bound-memory.js';
import { clientOf } from './client-of.js';
import { createAllowedMethods } from './allowed-methods.js';
import { ApiProblem } from './api-problem.js';
import { guardRequests, sendRefusal } from './guard-requests.js';
import { createHttpMetrics, routeOf } from './http-metrics.js';
import { readJsonBodies } from './json-bodies.js';
import { nestLogger } from './nest-logger.js';
import { ProblemFilter, sendProblem } from './problem.filter.js';
import { protectBrowsers } from './protect-browsers.js';
import { rateLimitStore } from './rate-limit-store.js';
import { correlationIdOf } from './request-context.js';
import { RequestValidationPipe } from './request-validation.pipe.js';
import { traceRequests } from './trace-requests.js';
import type { UnreadAnswers } from './unread-answers.js';

type HttpAppOptions = {
  module: DynamicModule;
  config: Readonly<ApiEnv>;
  logger: Logger;
  tracing: Tracing;
  metrics: Metrics;
  monotonic: MonotonicClock;
  unread: UnreadAnswers;
  asyncApi: object;
};

/** Time to receive a whole request. Without it a client that never ends one would hold up every shutdown. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Node looks for requests that have timed out only so often. */
const CHECK_REQUESTS_EVERY_MS = 2_000;
/** Longer than any URL that Node lets in: an id of any length is judged by its route, not lost on the way. */
const MAX_PARAM_LENGTH = 16_384;

/** Routes that probes and scrapers call all the time: not limited, and not logged above debug. */
const isProbe = (url: string): boolean => url.startsWith('/health') || url.startsWith('/metrics');

/** Nest on Fastify with everything that is the same for every route. */
export async function createHttpApp({
  module,
  config,
  logger,
  tracing,
  metrics,
  monotonic,
  unread,
  asyncApi,
}: HttpAppOptions): Promise<NestFastifyApplication> {
  const guard = createRequestGuard('api-gateway', config);
  const server = fastify({
    bodyLimit: config.BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { connectionsCheckingInterval: CHECK_REQUESTS_EVERY_MS },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: ({ headers }) => correlationIdOf(headers),
    // Closing waits for requests, not for idle keep-alive connections.
    forceCloseConnections: 'idle',
    // What still comes in on an open connection is served: everything it needs is there until the last answer.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      // No hook runs for these.
      const refusal = guard(request.raw);
      const { message } = error;
      if (refusal) sendRefusal(reply, request, refusal);
      else sendProblem(reply, request, new ApiProblem('MALFORMED_REQUEST', message, [{ path: '', message }]));
    },
  });

  readJsonBodies(server);

  // A connection that is busy when the server closes would stay open when it falls idle, and hold the process up.
  let closing = false;
  server.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  server.addHook('onSend', (_, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });

  const allowedMethods = createAllowedMethods();
  server.addHook('onRoute', (route) => {
    allowedMethods.add(route);
  });
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-correlation-id', request.id);
    done();
  });
  const measure = createHttpMetrics(metrics);
  server.addHook('onResponse', (request, reply, done) => {
    measure(request, reply);
    logger[isProbe(request.url) ? 'debug' : 'info']('request', {
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      correlationId: request.id,
      traceId: traceIdOf(request.traceparent),
    });
    done();
  });
  await protectBrowsers(server);
  guardRequests(server, guard);
  traceRequests(server, tracing);
  await server.register(rateLimit, {
    max: config.RATE_LIMIT_MAX,
    timeWindow: config.RATE_LIMIT_WINDOW_MS,
    store: rateLimitStore(monotonic),
    allowList: ({ url }) => isProbe(url),
    keyGenerator: ({ ip }) => clientOf(ip),
    errorResponseBuilder: () =>
      new ApiProblem('RATE_LIMITED', 'Too many requests; Retry-After says when to come back.'),
  });

  boundMemory(server, { unread, bodyLimitBytes: config.BODY_LIMIT_BYTES });

  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(server), {
    logger: nestLogger(logger),
    // readJsonBodies reads them; Nest's parsers would take forms, too.
    bodyParser: false,
  });
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter(logger, allowedMethods));
  SwaggerModule.setup('docs', app, () => openApiDocument(app), { jsonDocumentUrl: 'openapi.json', raw: ['json'] });

  await app.init();
  // Not before: a route has the error handler of the moment when it is registered.
  server.get('/asyncapi.json', () => asyncApi);
  server.get('/metrics', async (_, reply) => {
    const { contentType, text } = await metrics.scrape();
    return reply.header('content-type', contentType).header('cache-control', 'no-store').send(text);
  });
  await servePage(server);
  return app;
}
