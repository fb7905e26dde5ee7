import type { Socket } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { resourceNames } from '@orderflow/contracts';
import { watchDenials } from '@orderflow/platform/aws/watch-denials';
import { createRequestGuard } from '@orderflow/platform/http/request-guard';
import { SERVER_OPTIONS } from '@orderflow/platform/http/server-options';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { traceIdOf } from '@orderflow/platform/telemetry/traceparent';
import { NO_TRACING } from '@orderflow/platform/telemetry/tracing';
import { fastify } from 'fastify';
import { AppModule } from './app.module.js';
import { trustedProxies } from './config.js';
import { asyncApiDocument } from './documentation/asyncapi.js';
import { openApiDocument } from './documentation/openapi.js';
import type { Infrastructure } from './infrastructure/infrastructure.module.js';
import { servePage } from './page/serve-page.js';
import { boundMemory } from './http/limits/bound-memory.js';
import { followRoutes } from './http/problems/follow-routes.js';
import { malformed } from './http/problems/api-problem.js';
import { forbidCaching } from './http/answers/forbid-caching.js';
import { createClientErrors } from './http/connections/client-errors.js';
import { followConnections } from './http/connections/connections.js';
import { meetExpectations } from './http/connections/expectations.js';
import { separateManagement } from './http/connections/management.js';
import { guardRequests } from './http/security/guard-requests.js';
import { createHttpMetrics, isProbe, routeOf } from './http/telemetry/http-metrics.js';
import { readJsonBodies } from './http/requests/json-bodies.js';
import { nestLogger } from './http/telemetry/nest-logger.js';
import { ProblemFilter } from './http/problems/problem.filter.js';
import { protectBrowsers } from './http/security/protect-browsers.js';
import { createCountRequest, limitRate } from './http/limits/rate-limit.js';
import { countDisconnects, createUnreadAnswers } from './http/limits/unread-answers.js';
import { correlationIdOf } from './http/requests/request-context.js';
import { isUnreadable, routeToNowhere } from './http/requests/request-path.js';
import { RequestValidationPipe } from './http/requests/request-validation.pipe.js';
import { createAccessTokens } from './identity/access-tokens.js';
import { authenticate } from './identity/authenticate.js';
import { createIssuerKeys, type IssuerKeys } from './identity/issuer-keys.js';
import { describeResource } from './identity/protected-resource.js';
import { sendCompletely } from './http/connections/send-completely.js';
import { traceRequests } from './http/telemetry/trace-requests.js';

export type Dependencies = Omit<Infrastructure, 'tracing' | 'metrics' | 'unread' | 'issuerKeys' | 'denials'> &
  Partial<Pick<Infrastructure, 'tracing' | 'metrics'>> & { fetch?: typeof globalThis.fetch };

/** Longer than any URL that Node accepts, so that the route validates an id of any length. */
const MAX_PARAM_LENGTH = 16_384;

/** The keys of the tokens, read at once so that the first request need not wait; undefined while AUTH_MODE is off. */
function issuerKeysOf({ config, monotonic, logger, fetch }: Dependencies): IssuerKeys | undefined {
  const { AUTH_MODE, OIDC_ISSUER: issuer, OIDC_JWKS_URL: jwksUrl } = config;
  if (AUTH_MODE === 'off' || issuer === undefined) return undefined;
  const keys = createIssuerKeys({ issuer, jwksUrl, monotonic, logger, fetch });
  keys.refresh();
  return keys;
}

/** The whole API, ready to listen: Nest on Fastify, with everything that all routes share. */
export async function createApp(dependencies: Dependencies): Promise<NestFastifyApplication> {
  const { config, logger, monotonic, now, tracing = NO_TRACING, metrics = createMetrics('api-gateway') } = dependencies;
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
  const countRequest = createCountRequest(monotonic, config.RATE_LIMIT_MAX, config.RATE_LIMIT_WINDOW_MS);
  const httpMetrics = createHttpMetrics(metrics);
  const { answerClientError, refuseTunnel } = createClientErrors(connections, countRequest, httpMetrics, logger);
  server.server.on('connect', (_, socket) => {
    refuseTunnel(socket as Socket);
  });

  const allowedMethodsOf = followRoutes(server);
  forbidCaching(server);
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
  const management = separateManagement(server, config, { logger, connections, answerClientError });
  traceRequests(server, tracing, config.TRUST_PROXY);
  const issuerKeys = issuerKeysOf(dependencies);
  const requireToken = authenticate(server, issuerKeys && createAccessTokens(config, issuerKeys, now));
  limitRate(server, countRequest, { max: config.RATE_LIMIT_MAX, isFree: management.isServedProbe });
  management.refuseElsewhere();
  requireToken();
  server.addHook('onRequest', (request, _, done) => {
    done(isUnreadable(request) ? malformed('The request target is not a path.') : undefined);
  });
  meetExpectations(server, config.BODY_LIMIT_BYTES);

  const unread = createUnreadAnswers({
    maxBytes: config.UNREAD_BYTES_MAX,
    stalledAfterMs: config.WRITE_TIMEOUT_MS,
    onDisconnect: countDisconnects(metrics),
  });
  boundMemory(server, unread, config.BODY_LIMIT_BYTES);
  sendCompletely(server);

  const module = AppModule.of({ ...watchDenials('api-gateway', dependencies), tracing, metrics, unread, issuerKeys });
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(server), {
    logger: nestLogger(logger),
    // readJsonBodies parses them; Nest's parsers would accept forms too.
    bodyParser: false,
    // Rethrows start-up errors, so that main reports them.
    abortOnError: false,
  });
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter(logger, allowedMethodsOf));
  SwaggerModule.setup('docs', app, () => openApiDocument(app, config), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
  });

  await app.init();
  // Register these after init: a route keeps the error handler that is set when it is registered.
  const asyncApi = asyncApiDocument(resourceNames(config.STAGE));
  server.get('/asyncapi.json', () => asyncApi);
  server.get('/metrics', async (_, reply) => {
    const { contentType, text } = await metrics.scrape();
    return reply.header('content-type', contentType).header('cache-control', 'no-store').send(text);
  });
  describeResource(server, config);
  await servePage(server, config);
  return app;
}
