import { toError } from '../runtime/errors.js';

function named(...lines: string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '));
}

/** Connection errors of Node: https://nodejs.org/api/errors.html#common-system-errors */
const CONNECTION_CODES = named('ECONNREFUSED ECONNRESET EPIPE ENOTFOUND EAI_AGAIN ETIMEDOUT EHOSTUNREACH ENETUNREACH');
/*
 * Names of AWS errors, without namespace and without `Exception` or `Error`: services spell the same error in several
 * ways. https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html and each service's list.
 */
const TIMEOUTS = named('Timeout RequestTimeout ETIMEDOUT');
const BUSY = named(
  'Throttling Throttled RequestThrottled TooManyRequests RequestLimitExceeded KmsThrottled',
  'ProvisionedThroughputExceeded',
  // Another transaction holds the item for a moment.
  'TransactionConflict TransactionInProgress',
  // Our queue of statements or events is full, because a service is too slow.
  'Overloaded',
);
const BROKEN = named(
  'ServiceUnavailable Unavailable InternalServer Internal InternalFailure ServiceFailure',
  // The service answered a batch without an outcome for this entry, which may have been applied.
  'NoResponse',
);
const MISSING = named('ResourceNotFound QueueDoesNotExist NonExistentQueue');
/** The caller has no permission, no valid credentials, or no valid signature. */
const DENIED = named(
  'AccessDenied UnauthorizedOperation NotAuthorized NotAuthorizedForSource NotAuthorizedForDetailType',
  'AuthFailure OptInRequired InvalidSecurity CredentialsProvider TokenProvider',
  'ExpiredToken TokenRefreshRequired RequestExpired RequestTimeTooSkewed',
  'InvalidAccessKeyId InvalidClientTokenId InvalidToken UnrecognizedClient MissingAuthenticationToken',
  'InvalidSignature SignatureDoesNotMatch IncompleteSignature',
);
/** An encryption key is disabled, deleted or forbidden: KmsDisabled, KMS.DisabledException, KMSInvalidState. */
const KMS = /^kms[A-Z._]/i;

/** The error of one entry in a batch call that succeeded. */
export class EntryError extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

type AwsError = Error & { code?: unknown; Code?: unknown; $metadata?: { httpStatusCode?: number }; errors?: unknown };

function namesOf({ name, code, Code }: AwsError): string[] {
  return [name, code, Code].filter((text) => typeof text === 'string');
}

/** `com.amazonaws.sqs#AWS.SimpleQueueService.NonExistentQueue` and `ThrottlingException` as spelled in the lists. */
function plainNameOf(name: string): string {
  const [local = ''] = name.split(/[#.]/).slice(-1);
  return local.replace(/(Exception|Error|Fault)$/, '');
}

function isNamed(error: AwsError, names: ReadonlySet<string>): boolean {
  return namesOf(error).some((name) => names.has(plainNameOf(name)));
}

/** A table, queue or bus of the topology does not exist, not yet or no longer. */
export function isTopologyMissing(thrown: unknown): boolean {
  return isNamed(toError(thrown), MISSING);
}

/** AWS refuses the caller and not the request: no permission, no valid credentials or signature, no usable key. */
export function isDenied(thrown: unknown): boolean {
  const error = toError(thrown) as AwsError;
  if (isNamed(error, BUSY)) return false;
  const status = error.$metadata?.httpStatusCode;
  return isNamed(error, DENIED) || namesOf(error).some((name) => KMS.test(name)) || status === 401 || status === 403;
}

/**
 * An outage, which is every kind but `refused`: refused or broken connections, timeouts, throttling, 5xx, a missing
 * topology, missing permissions. Such an error says nothing about the message that met it.
 */
export function isUnavailable(thrown: unknown): boolean {
  const error = toError(thrown) as AwsError;
  if ([MISSING, TIMEOUTS, BUSY, BROKEN].some((names) => isNamed(error, names)) || isDenied(error)) return true;
  if (namesOf(error).some((name) => CONNECTION_CODES.has(name))) return true;
  if ((error.$metadata?.httpStatusCode ?? 0) >= 500) return true;
  // Node reports a failed connection to several addresses as an AggregateError; wrappers keep theirs as the cause.
  if (Array.isArray(error.errors) && error.errors.some(isUnavailable)) return true;
  return error.cause !== undefined && isUnavailable(error.cause);
}

/** Why a call to AWS failed. */
export type AwsErrorKind = 'throttled' | 'timeout' | 'missing' | 'denied' | 'unavailable' | 'refused';

/** `refused`: the service answered and rejected this request. */
export function errorKindOf(thrown: unknown): AwsErrorKind {
  const error = toError(thrown);
  if (isNamed(error, BUSY)) return 'throttled';
  if (isNamed(error, TIMEOUTS)) return 'timeout';
  if (isTopologyMissing(thrown)) return 'missing';
  if (isDenied(thrown)) return 'denied';
  return isUnavailable(thrown) ? 'unavailable' : 'refused';
}
