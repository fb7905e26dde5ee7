import { toError } from '../errors.js';

/** Connection errors of Node: https://nodejs.org/api/errors.html#common-system-errors */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const TIMEOUT_NAMES = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException', 'ETIMEDOUT']);
const THROTTLING_NAMES = new Set([
  'ThrottlingException',
  'ThrottlingError',
  'Throttling',
  'RequestThrottled',
  'ThrottledException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  // Our own waiting room, filled by a service that is too slow.
  'OverloadedError',
]);
const UNAVAILABLE_NAMES = new Set([
  ...TIMEOUT_NAMES,
  ...THROTTLING_NAMES,
  'ServiceUnavailable',
  'InternalServerError',
  'InternalError',
  'InternalFailure',
  'InternalException',
  // Credentials that cannot be had, or are no longer good: nothing that a message could be blamed for.
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
]);
const MISSING_NAMES = new Set([
  'ResourceNotFoundException',
  'ResourceNotFound',
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
]);

type AwsError = Error & { code?: unknown; Code?: unknown; $metadata?: { httpStatusCode?: number }; errors?: unknown };

function namesOf(error: AwsError): string[] {
  return [error.name, error.code, error.Code].filter((name) => typeof name === 'string');
}

/** A table, queue or bus of the topology does not exist (yet, or any more). */
export function isTopologyMissing(thrown: unknown): boolean {
  return namesOf(toError(thrown)).some((name) => MISSING_NAMES.has(name));
}

/**
 * The dependency is away, not the request wrong: refused or broken connections, timeouts, throttling, 5xx, missing
 * credentials, a missing topology. Such an error says nothing about the message that met it.
 */
export function isUnavailable(thrown: unknown): boolean {
  const error = toError(thrown) as AwsError;
  if (isTopologyMissing(error)) return true;
  if (namesOf(error).some((name) => CONNECTION_CODES.has(name) || UNAVAILABLE_NAMES.has(name))) return true;
  if ((error.$metadata?.httpStatusCode ?? 0) >= 500) return true;
  // Node reports a failed connection to several addresses as an AggregateError; wrappers keep theirs as the cause.
  if (Array.isArray(error.errors) && error.errors.some(isUnavailable)) return true;
  return error.cause !== undefined && isUnavailable(error.cause);
}

/** What kind of trouble a failed call met. */
export type Failure = 'throttled' | 'timeout' | 'missing' | 'unavailable' | 'refused';

/** `refused`: the service answered, and meant the request. */
export function failureOf(thrown: unknown): Failure {
  const names = namesOf(toError(thrown));
  if (names.some((name) => THROTTLING_NAMES.has(name))) return 'throttled';
  if (names.some((name) => TIMEOUT_NAMES.has(name))) return 'timeout';
  if (isTopologyMissing(thrown)) return 'missing';
  return isUnavailable(thrown) ? 'unavailable' : 'refused';
}
