import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem, invalid } from './api-problem.js';

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/gi;

const isOtherCharset = (contentType = ''): boolean =>
  [...contentType.matchAll(CHARSET)].some(([, charset = '']) => !/^utf-?8$/i.test(charset));

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * Reads bodies that are JSON in UTF-8, as RFC 8259 has it, and refuses all others. A lenient decoder would put U+FFFD in
 * the place of every byte that it cannot read: that would be stored, and different bodies would become the same.
 */
export function readJsonBodies(server: FastifyInstance): void {
  // RequestValidationPipe refuses the names of prototypes itself, and can say where they are.
  const parseJson = server.getDefaultJsonParser('ignore', 'ignore');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (request.is404) {
      done(null, undefined);
    } else if (isOtherCharset(request.headers['content-type'])) {
      done(new ApiProblem('UNSUPPORTED_MEDIA_TYPE', 'Send the body in UTF-8: JSON has no other encoding.'));
    } else if (!isUtf8(body)) {
      done(invalid('', 'the body is not valid UTF-8; encode it as UTF-8, such as é as the bytes C3 A9'));
    } else {
      void parseJson(request, body.toString(), done);
    }
  });

  server.addHook('preParsing', (request, reply, payload, done) => {
    const coding = request.headers['content-encoding'] ?? 'identity';
    if (coding.toLowerCase() === 'identity' || request.is404 || !hasBody(request)) {
      done(null, payload);
      return;
    }
    // RFC 9110, section 12.5.3. A body is too small to gain by it, and could become a large one here.
    void reply.header('accept-encoding', 'identity');
    done(new ApiProblem('UNSUPPORTED_MEDIA_TYPE', 'Send the body without a Content-Encoding.'));
  });
}
