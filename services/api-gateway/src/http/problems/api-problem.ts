import type { ProblemEntry } from '@orderflow/contracts';
import type { ClientError } from '@orderflow/platform/http/client-errors';
import type { Refusal } from '@orderflow/platform/http/request-guard';

export type ProblemCode =
  | Refusal['code']
  | ClientError['code']
  | 'VALIDATION_FAILED'
  | 'ORDER_NOT_FOUND'
  | 'NOTIFICATION_NOT_FOUND'
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'EXPECTATION_FAILED'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'ORDER_NOT_REPLAYABLE'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'RATE_LIMITED'
  | 'STORAGE_UNAVAILABLE'
  | 'TOO_MANY_STREAMS'
  | 'OVERLOADED'
  | 'INTERNAL_ERROR';

/** Why a request cannot be served. The problem filter maps it to HTTP. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly errors?: ProblemEntry[],
  ) {
    super(detail);
  }
}

/** The offending parts of a request, as an ApiProblem. */
export function notValid(entries: ProblemEntry[]): ApiProblem {
  return new ApiProblem('VALIDATION_FAILED', 'The request is not valid.', entries);
}

/** One offending part of a request, as an ApiProblem. */
export function invalid(path: string, message: string): ApiProblem {
  return notValid([{ path, message }]);
}

/** A request that cannot be read at all, as an ApiProblem. */
export function malformed(message: string): ApiProblem {
  return new ApiProblem('MALFORMED_REQUEST', message, [{ path: '', message }]);
}
