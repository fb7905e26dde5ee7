import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { createRequestGuard } from '@orderflow/platform/http/request-guard';
import { SERVER_OPTIONS } from '@orderflow/platform/http/server-options';
import { traceIdOf } from '@orderflow/platform/telemetry/traceparent';
import { fastify } from 'fastify';
import { trustedProxies } from '../config.js';
import { openApiDocument } from '../documentation/openapi.js';
import type { Infrastructure } from '../infrastructure/infrastructure.module.js';
import { servePage } from '../page/serve-page.js';
import { boundMemory } from './limits/bound-memory.js';
import { clientOf } from './limits/client-of.js';
import { createAllowedMethods } from './problems/allowed-methods.js';
import { ApiProblem, malformed } from './problems/api-problem.js';
import { createClientErrors } from './connections/client-errors.js';
import { followConnections } from './connections/connections.js';
import { meetExpectations } from './connections/expectations.js';
import { guardRequests } from './security/guard-requests.js';
import { createHttpMetrics, isProbe, routeOf } from './telemetry/http-metrics.js';
import { readJsonBodies } from './requests/json-bodies.js';
import { nestLogger } from './telemetry/nest-logger.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { protectBrowsers } from './security/protect-browsers.js';
import { createRateLimit } from './limits/rate-limit-store.js';
import { correlationIdOf } from './requests/request-context.js';
import { isUnreadable, routeToNowhere } from './requests/request-path.js';
import { RequestValidationPipe } from './requests/request-validation.pipe.js';
import { sendCompletely } from './connections/send-completely.js';
import { traceRequests } from './telemetry/trace-requests.js';

type HttpAppOptions = Infrastructure & { module: DynamicModule; asyncApi: object };

/** Longer than any URL that Node accepts, so that the route validates an id of any length. */
const MAX_PARAM_LENGTH = 16_384;

/** Nest on Fastify, with everything that all routes share. */
export async function createHttpApp(options: HttpAppOptions): Promise<NestFastifyApplication> {
  const { module, config, logger, tracing, metrics, monotonic, unread, asyncApi } = options;
  const server = fastify({
    bodyLimit: config.BODY_LIMIT_BYTES,
    http: SERVER_OPTIONS,
    requestTimeout: SERVER_OPTIONS.requestTimeout,
    keepAliveTimeout: config.KEEP_ALIVE_TIMEOUT_MS,
    trustProxy: trustedProxies(config.TRUST_PROXY),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: ({ headers }) => correlationIdOf(headers),
    // Serve requests on open connections while closing: their dependencies are there until the last answer.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket);
    },
    // No hook runs for these errors. Each is a target that the router cannot parse.
    frameworkErrors: (_, request, reply) => {
      routeToNowhere(server, request, reply.raw);
    },
  });

  readJsonBodies(server);

  const connections = followConnections(server, config.SHUTDOWN_TIMEOUT_MS - config.SHUTDOWN_DELAY_MS);
  const rate = createRateLimit(monotonic, config.RATE_LIMIT_MAX, config.RATE_LIMIT_WINDOW_MS);
  const httpMetrics = createHttpMetrics(metrics);
  const { answerClientError, refuseTunnel } = createClientErrors(connections, rate.countRequest, httpMetrics, logger);
  server.server.on('connect', (_, socket) => {
    refuseTunnel(socket as Socket);
  });

  const allowedMethods = createAllowedMethods();
  server.addHook('onRoute', (route) => {
    allowedMethods.add(route);
  });
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-correlation-id', request.id);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    httpMetrics.measure(request, reply);
    logger[isProbe(request) ? 'debug' : 'info']('request', {
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
  guardRequests(server, createRequestGuard('api-gateway', config));
  traceRequests(server, tracing);
  await server.register(rateLimit, {
    // The plugin's hook per route would miss requests without a route.
    global: false,
    max: config.RATE_LIMIT_MAX,
    timeWindow: config.RATE_LIMIT_WINDOW_MS,
    store: rate.Store,
    allowList: isProbe,
    keyGenerator: ({ ip }: { ip: string | undefined }) => clientOf(ip),
    errorResponseBuilder: () =>
      new ApiProblem('RATE_LIMITED', 'Too many requests; Retry-After says when to come back.'),
  });
  server.addHook('onRequest', server.rateLimit());
  server.addHook('onRequest', (request, _, done) => {
    if (isUnreadable(request)) done(malformed('The target of the request is no path.'));
    else done();
  });
  meetExpectations(server, config.BODY_LIMIT_BYTES);

  boundMemory(server, unread, config.BODY_LIMIT_BYTES);
  sendCompletely(server);

  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(server), {
    logger: nestLogger(logger),
    // readJsonBodies parses them; Nest's parsers would accept forms too.
    bodyParser: false,
    // Rethrows start-up errors, so that main reports them.
    abortOnError: false,
  });
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter(logger, allowedMethods));
  SwaggerModule.setup('docs', app, () => openApiDocument(app), { jsonDocumentUrl: 'openapi.json', raw: ['json'] });

  await app.init();
  // Register these after init: a route keeps the error handler that is set when it is registered.
  server.get('/asyncapi.json', () => asyncApi);
  server.get('/metrics', async (_, reply) => {
    const { contentType, text } = await metrics.scrape();
    return reply.header('content-type', contentType).header('cache-control', 'no-store').send(text);
  });
  await servePage(server);
  return app;
}
