import { STATUS_CODES } from 'node:http';
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { Problem } from '@orderflow/contracts';

type Described = {
  status: number;
  body: Type;
  location?: boolean;
  etag?: boolean;
  problems: number[];
};

const text = { type: 'string' } as const;

const CORRELATION = {
  'x-correlation-id': {
    schema: text,
    description: 'Identifies the request, and everything that it caused, in the logs.',
  },
};

const REPLAYED = {
  'idempotent-replayed': {
    schema: { ...text, enum: ['true'] },
    description: 'Present when the Idempotency-Key was used before and this is its original answer.',
  },
};

const RETRY_AFTER = {
  'retry-after': { schema: { type: 'integer' as const, minimum: 1 }, description: 'Seconds to wait before a retry.' },
};

const ACCEPT_ENCODING = {
  'accept-encoding': { schema: text, description: 'identity, when the body had a Content-Encoding.' },
};

const ETAG = { etag: { schema: text, description: 'Derived from the version.' } };

const correlationHeader = () =>
  ApiHeader({
    name: 'x-correlation-id',
    required: false,
    schema: text,
    description: 'Used if it is 1 to 128 of A-Z a-z 0-9 . _ : @ -; otherwise a new one is made.',
  });

/** Every route answers this when Host is not allowed. */
const MISDIRECTED = 421;

const problemAnswers = (problems: readonly number[]) =>
  [...problems, MISDIRECTED].map((problem) =>
    ApiResponse({
      status: problem,
      description: STATUS_CODES[problem] ?? '',
      headers: {
        ...CORRELATION,
        ...(problem === 429 || problem === 503 ? RETRY_AFTER : {}),
        ...(problem === 415 ? ACCEPT_ENCODING : {}),
      },
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(Problem) } } },
    }),
  );

/** Documents a route: its answer, its headers, and the problems it may answer instead. */
export function Answers({ status, body, location, etag, problems }: Described): MethodDecorator {
  return applyDecorators(
    correlationHeader(),
    ApiResponse({
      status,
      description: STATUS_CODES[status] ?? '',
      type: body,
      headers: {
        ...CORRELATION,
        ...(location ? { location: { schema: text, description: 'Path of the created resource.' }, ...REPLAYED } : {}),
        ...(etag ? ETAG : {}),
      },
    }),
    ...(etag
      ? [
          ApiResponse({
            status: 304,
            description: 'Not changed since the given ETag.',
            headers: { ...CORRELATION, ...ETAG },
          }),
        ]
      : []),
    ...problemAnswers(problems),
  );
}

/** Documents a route that answers with server-sent events. */
export function AnswersEvents({ description, problems }: { description: string; problems: number[] }): MethodDecorator {
  return applyDecorators(
    correlationHeader(),
    ApiHeader({ name: 'Last-Event-ID', required: false, schema: text, description: 'The id of the last event seen.' }),
    ApiResponse({ status: 200, description, headers: CORRELATION, content: { 'text/event-stream': { schema: text } } }),
    ApiResponse({ status: 204, description: 'No event follows that one.', headers: CORRELATION }),
    ...problemAnswers(problems),
  );
}

/** Documents a path parameter that is a UUID. */
export function UuidParam(name: string): MethodDecorator {
  return ApiParam({ name, schema: { type: 'string', format: 'uuid' } });
}

/** Documents the header that makes a POST safe to repeat. */
export function AcceptsIdempotencyKey(): MethodDecorator {
  return ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
    description: 'The same key and body give the same answer again, with Idempotent-Replayed: true.',
  });
}
