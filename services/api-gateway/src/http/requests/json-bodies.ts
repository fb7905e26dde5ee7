import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem, invalid } from '../problems/api-problem.js';

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/gi;

const isOtherCharset = (contentType = ''): boolean =>
  [...contentType.matchAll(CHARSET)].some(([, charset = '']) => !/^utf-?8$/i.test(charset));

/** Numbers and strings. Strings are matched so that digits inside one are not taken for a number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** A double holds every number of 15 digits exactly. Without a match, no number in the body is longer. */
const MAY_BE_INEXACT = /[\d.]{16}|[eE][+-]?\d{3}/;

/** Normal form of a decimal: its digits without leading or trailing zeros, and the exponent of the first digit. */
function decimalOf(literal: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = `${whole}${fraction}`.replace(/0+$/, '');
  const significant = digits.replace(/^0+/, '');
  const zeros = digits.length - significant.length;
  return significant === '' ? '0' : `${significant}e${whole.length - zeros + Number(exponent)}`;
}

/** The first number that a double would change, if any. Validation handles infinite numbers. */
function inexactNumberIn(text: string): string | undefined {
  if (!MAY_BE_INEXACT.test(text)) return undefined;
  const numbers = (text.match(TOKENS) ?? []).filter((token) => !token.startsWith('"'));
  return numbers.find(
    (number) => Number.isFinite(Number(number)) && decimalOf(number) !== decimalOf(String(Number(number))),
  );
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * Accepts only JSON in UTF-8 (RFC 8259). A lenient decoder would replace unreadable bytes by U+FFFD and round numbers
 * with too many digits. The changed value would be stored, and different bodies would become equal.
 */
export function readJsonBodies(server: FastifyInstance): void {
  // RequestValidationPipe rejects prototype names itself and reports their path.
  const parseJson = server.getDefaultJsonParser('ignore', 'ignore');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (request.is404) {
      done(null, undefined);
    } else if (isOtherCharset(request.headers['content-type'])) {
      done(new ApiProblem('UNSUPPORTED_MEDIA_TYPE', 'Send the body in UTF-8: JSON has no other encoding.'));
    } else if (!isUtf8(body)) {
      done(invalid('', 'the body is not valid UTF-8, in which é is the bytes C3 A9'));
    } else {
      const text = body.toString();
      const inexact = inexactNumberIn(text);
      if (inexact === undefined) void parseJson(request, text, done);
      else done(invalid('', `the number ${inexact} has more digits than can be kept; send at most 15`));
    }
  });

  server.addHook('preParsing', (request, reply, payload, done) => {
    const coding = request.headers['content-encoding'] ?? 'identity';
    if (coding.toLowerCase() === 'identity' || request.is404 || !hasBody(request)) {
      done(null, payload);
      return;
    }
    // RFC 9110, section 12.5.3. Bodies are too small to gain from compression, and could expand to large ones here.
    void reply.header('accept-encoding', 'identity');
    done(new ApiProblem('UNSUPPORTED_MEDIA_TYPE', 'Send the body without a Content-Encoding.'));
  });
}
