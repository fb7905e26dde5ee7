import type { ProblemEntry } from '@orderflow/contracts';
import { REFUSAL_STATUSES } from '@orderflow/platform/http/request-guard';

/** The one place where problems become HTTP statuses. */
const STATUSES = {
  ...REFUSAL_STATUSES,
  VALIDATION_FAILED: 400,
  TOKEN_REQUIRED: 401,
  TOKEN_INVALID: 401,
  SCOPE_MISSING: 403,
  CUSTOMER_NOT_FOUND: 404,
  ORDER_NOT_FOUND: 404,
  NOTIFICATION_NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  ORDER_NOT_REPLAYABLE: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  EXPECTATION_FAILED: 417,
  IDEMPOTENCY_KEY_REUSED: 422,
  RATE_LIMITED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL_ERROR: 500,
  STORAGE_UNAVAILABLE: 503,
  KEYS_UNAVAILABLE: 503,
  TOO_MANY_STREAMS: 503,
  OVERLOADED: 503,
};

/** What is wrong with a request's token: https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
type TokenError = { error?: 'invalid_request'; /** The scope that is missing. */ scope?: string };

/** Why a request cannot be served. The problem filter answers with it. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly code: keyof typeof STATUSES,
    readonly detail: string,
    readonly errors?: ProblemEntry[],
    readonly tokenError?: TokenError,
  ) {
    super(detail);
  }

  get status(): number {
    return STATUSES[this.code];
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

/** An unknown customer, or another one than the caller. */
export function customerNotFound(): ApiProblem {
  return new ApiProblem('CUSTOMER_NOT_FOUND', 'There is no customer with this id that you may act for.');
}

/** A request that cannot be read at all, as an ApiProblem. */
export function malformed(message: string): ApiProblem {
  return new ApiProblem('MALFORMED_REQUEST', message, [{ path: '', message }]);
}
