import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem } from '../http/problems/api-problem.js';
import { isProbe, routeOf } from '../http/telemetry/http-metrics.js';
import type { AccessTokens } from './access-tokens.js';
import { ANYONE, mayDo } from './caller.js';

/** Routes without any data: the live page, where people sign in, and where the page learns how. */
const isPublic = (route: string): boolean =>
  route === '/' || route.startsWith('/page/') || route.startsWith('/.well-known/');

/** Documents for people. A browser that opens them cannot send a header: the live page sets this cookie for them. */
const isDocument = (route: string): boolean => !route.startsWith('/api/');
const COOKIE = /(?:^|;\s*)orderflow_token=([\w.-]+)(?:;|$)/;
/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;

/** https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
const badRequest = (message: string): ApiProblem =>
  new ApiProblem('MALFORMED_REQUEST', message, undefined, { error: 'invalid_request' });

/** How often a header occurs: `headers` has only the first. @param rawHeaders names and values in turn */
function countOf(header: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === header.length && name.toLowerCase() === header) count += 1;
  }
  return count;
}

/**
 * The request's token. Undefined: it has none.
 * @throws ApiProblem MALFORMED_REQUEST for two headers, or a token in the URL, which logs and caches keep
 */
function tokenOf(request: FastifyRequest): string | undefined {
  const { rawHeaders, headers } = request.raw;
  if (countOf('authorization', rawHeaders) > 1) {
    throw badRequest('A request must not have more than one Authorization header.');
  }
  if (Object.hasOwn(request.query ?? {}, 'access_token')) {
    throw badRequest('A token must be in the Authorization header, and never in the URL.');
  }
  if (headers.authorization !== undefined) return BEARER.exec(headers.authorization)?.[1];
  return isDocument(routeOf(request)) ? COOKIE.exec(headers.cookie ?? '')?.[1] : undefined;
}

/** Whether anyone may make the request. */
const isOpen = (request: FastifyRequest): boolean => request.is404 || isProbe(request) || isPublic(routeOf(request));

export const scopeMissing = (scope: string): ApiProblem =>
  new ApiProblem('SCOPE_MISSING', `The access token does not have the scope ${scope}.`, undefined, { scope });

function whyRefused(request: FastifyRequest): ApiProblem | undefined {
  const { caller } = request;
  if (!caller) return new ApiProblem('TOKEN_REQUIRED', 'Send an access token: Authorization: Bearer <token>.');
  // Nest's guard knows the scopes of the API's routes. Everything else is for operators.
  return isDocument(routeOf(request)) && !mayDo(caller, 'ops') ? scopeMissing('ops') : undefined;
}

/**
 * Finds out who makes each request. Refuses nothing yet: a caller's requests are counted under its subject, and those
 * of everyone else under their address.
 * @param tokens undefined while AUTH_MODE is off
 * @returns adds the hook that refuses requests without a valid token, before their bodies are read
 */
export function authenticate(server: FastifyInstance, tokens: AccessTokens | undefined): () => void {
  if (!tokens) {
    server.decorateRequest('caller', { getter: () => ANYONE });
    return () => undefined;
  }
  server.decorateRequest('caller', undefined);
  const problems = new WeakMap<FastifyRequest, unknown>();

  server.addHook('onRequest', (request, _, done) => {
    if (isOpen(request)) {
      done();
      return;
    }
    try {
      const token = tokenOf(request);
      request.caller = token === undefined ? undefined : tokens.remembered(token);
      if (token === undefined || request.caller) {
        done();
        return;
      }
      tokens.verify(token).then(
        (caller) => {
          request.caller = caller;
          done();
        },
        (error: unknown) => {
          problems.set(request, error);
          done();
        },
      );
    } catch (error) {
      problems.set(request, error);
      done();
    }
  });

  return () => {
    server.addHook('onRequest', (request: FastifyRequest, _: FastifyReply, done: (error?: Error) => void) => {
      done(isOpen(request) ? undefined : ((problems.get(request) as Error | undefined) ?? whyRefused(request)));
    });
  };
}
