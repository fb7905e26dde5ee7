import { STATUS_CODES } from 'node:http';
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiHeader, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { Problem } from '@orderflow/contracts';

type Described = {
  status: number;
  body: Type;
  location?: boolean;
  etag?: boolean;
  problems: number[];
};

const text = { type: 'string' } as const;
const header = (description: string, schema: object = text) => ({ schema, description });
const CORRELATION = {
  'x-correlation-id': header('Identifies the request, and everything that it caused, in the logs.'),
};
const CREATED = {
  location: header('Path of the created resource.'),
  'idempotent-replayed': header('Present when the Idempotency-Key was used before and this is its original answer.', {
    ...text,
    enum: ['true'],
  }),
};
const RETRY_AFTER = { 'retry-after': header('Seconds to wait before a retry.', { type: 'integer', minimum: 1 }) };
const ACCEPT_ENCODING = { 'accept-encoding': header('identity, when the body had a Content-Encoding.') };
/** Header of the answers about tokens. */
export const CHALLENGE = { 'www-authenticate': header('Which token is needed: RFC 6750, RFC 9728.') };
const ETAG = { etag: header('Derived from the version.') };

/** Headers that only problems of this status have. */
const PROBLEM_HEADERS: Record<number, object> = {
  415: ACCEPT_ENCODING,
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};

/** Every route answers this when Host is not allowed. */
const MISDIRECTED = 421;

/** Documents a request header, which is always optional. */
export const RequestHeader = (name: string, description: string, schema: object = text) =>
  ApiHeader({ name, required: false, schema, description });

const correlationHeader = () =>
  RequestHeader('x-correlation-id', 'Used if it is 1 to 128 of A-Z a-z 0-9 . _ : @ -; otherwise a new one is made.');

const problemResponse = (status: number) => ({
  description: STATUS_CODES[status] ?? '',
  headers: { ...CORRELATION, ...PROBLEM_HEADERS[status] },
  content: { 'application/problem+json': { schema: { $ref: getSchemaPath(Problem) } } },
});

/** Answers that are problems, by their status. */
export const problemResponses = (statuses: readonly number[]) =>
  Object.fromEntries(statuses.map((status) => [status, problemResponse(status)]));

const problemAnswers = (problems: readonly number[]) =>
  [...problems, MISDIRECTED].map((status) => ApiResponse({ status, ...problemResponse(status) }));

/** Documents a route: its answer, its headers, and the problems it may answer instead. */
export function Answers({ status, body, location, etag, problems }: Described): MethodDecorator {
  const notModified = { status: 304, description: 'Not changed since the given ETag.' };
  return applyDecorators(
    correlationHeader(),
    ApiResponse({
      status,
      description: STATUS_CODES[status] ?? '',
      type: body,
      headers: { ...CORRELATION, ...(location ? CREATED : {}), ...(etag ? ETAG : {}) },
    }),
    ...(etag ? [ApiResponse({ ...notModified, headers: { ...CORRELATION, ...ETAG } })] : []),
    ...problemAnswers(problems),
  );
}

/** Documents a route that answers with server-sent events. */
export function AnswersEvents({ description, problems }: { description: string; problems: number[] }): MethodDecorator {
  return applyDecorators(
    correlationHeader(),
    RequestHeader('Last-Event-ID', 'The id of the last event seen.'),
    ApiResponse({ status: 200, description, headers: CORRELATION, content: { 'text/event-stream': { schema: text } } }),
    ApiResponse({ status: 204, description: 'No event follows that one.', headers: CORRELATION }),
    ...problemAnswers(problems),
  );
}

/** Documents the header that makes a POST safe to repeat. */
export function AcceptsIdempotencyKey(): MethodDecorator {
  const schema = { ...text, minLength: 1, maxLength: 255, pattern: '^[!-~]+$' };
  const description = 'The same key and body give the same answer again, with Idempotent-Replayed: true.';
  return RequestHeader('Idempotency-Key', description, schema);
}
