import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from '../problems/api-problem.js';

/**
 * Takes the header `Expect` from Node, which would ask for every body before anybody has looked at the request, and answer
 * an expectation that it does not know by itself. A body is asked for when it is to be read.
 */
export function meetExpectations(server: FastifyInstance, { bodyLimitBytes }: { bodyLimitBytes: number }): void {
  const waiting = new WeakSet<IncomingMessage>();
  const unmet = new WeakSet<IncomingMessage>();
  server.server.on('checkContinue', (request, response) => {
    waiting.add(request);
    server.server.emit('request', request, response);
  });
  server.server.on('checkExpectation', (request, response) => {
    unmet.add(request);
    server.server.emit('request', request, response);
  });
  server.addHook('onRequest', ({ raw }, _, done) => {
    if (unmet.has(raw)) done(new ApiProblem('EXPECTATION_FAILED', 'Expect can only be 100-continue.'));
    else done();
  });
  server.addHook('preParsing', ({ raw }, reply, payload, done) => {
    if (waiting.has(raw) && !(Number(raw.headers['content-length']) > bodyLimitBytes)) reply.raw.writeContinue();
    done(null, payload);
  });
}
