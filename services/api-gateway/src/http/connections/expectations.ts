import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from '../problems/api-problem.js';

/**
 * Handles the header `Expect` instead of Node, which would request every body before any hook has checked the request,
 * and would answer unknown expectations without our hooks. We send 100 Continue when we are about to read the body.
 */
export function meetExpectations(server: FastifyInstance, bodyLimitBytes: number): void {
  const waiting = new WeakSet<IncomingMessage>();
  const unmet = new WeakSet<IncomingMessage>();
  const serveAs = (requests: WeakSet<IncomingMessage>) => (request: IncomingMessage, response: ServerResponse) => {
    requests.add(request);
    server.server.emit('request', request, response);
  };
  server.server.on('checkContinue', serveAs(waiting));
  server.server.on('checkExpectation', serveAs(unmet));
  server.addHook('onRequest', ({ raw }, _, done) => {
    if (unmet.has(raw)) done(new ApiProblem('EXPECTATION_FAILED', 'Expect can only be 100-continue.'));
    else done();
  });
  server.addHook('preParsing', ({ raw }, reply, payload, done) => {
    if (waiting.has(raw) && !(Number(raw.headers['content-length']) > bodyLimitBytes)) reply.raw.writeContinue();
    done(null, payload);
  });
}
