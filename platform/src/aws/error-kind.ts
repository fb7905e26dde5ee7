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
/** The caller has no permission. */
const NOT_PERMITTED = named(
  'AccessDenied UnauthorizedOperation NotAuthorized NotAuthorizedForSource NotAuthorizedForDetailType',
  'KmsAccessDenied',
);
/** The caller has no valid credentials or signature. */
const CREDENTIALS = named(
  'AuthFailure OptInRequired InvalidSecurity CredentialsProvider TokenProvider ExpiredToken TokenRefreshRequired',
  'InvalidAccessKeyId InvalidClientTokenId InvalidToken UnrecognizedClient MissingAuthenticationToken',
  'InvalidSignature SignatureDoesNotMatch IncompleteSignature',
);
/** The caller's clock differs too much from that of AWS. */
const CLOCK = named('RequestExpired RequestTimeTooSkewed');
/** An encryption key is disabled, deleted or forbidden: KmsDisabled, KMS.DisabledException, KMSInvalidState. */
const KMS = /^kms[A-Z._]/i;

/** Codes of a statement that was answered but not applied: its condition does not hold. */
export const STATEMENT_REFUSALS = named('ConditionalCheckFailed DuplicateItem');

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

/** `com.amazonaws.sqs#AWS.SimpleQueueService.NonExistentQueue` and `ThrottlingException` as spelled in the lists. */
function plainNameOf(name: string): string {
  const [local = ''] = name.split(/[#.]/).slice(-1);
  return local.replace(/(Exception|Error|Fault)$/, '');
}

/** Why a call to AWS failed. */
export type AwsErrorKind = 'throttled' | 'timeout' | 'missing' | 'denied' | 'unavailable' | 'refused';

function namesOf({ name, code, Code }: AwsError): string[] {
  return [name, code, Code].filter((text) => typeof text === 'string');
}

const hasOneOf = (names: readonly string[], known: ReadonlySet<string>): boolean =>
  names.some((name) => known.has(plainNameOf(name)));

/** `refused`: the service answered and rejected this request. */
export function errorKindOf(thrown: unknown): AwsErrorKind {
  const error = toError(thrown) as AwsError;
  const names = namesOf(error);
  const status = error.$metadata?.httpStatusCode ?? 0;
  if (hasOneOf(names, BUSY)) return 'throttled';
  if (hasOneOf(names, TIMEOUTS)) return 'timeout';
  if (hasOneOf(names, MISSING)) return 'missing';
  if (denialKindOf(error) !== undefined || status === 401 || status === 403) return 'denied';
  if (hasOneOf(names, BROKEN) || names.some((name) => CONNECTION_CODES.has(name)) || status >= 500) {
    return 'unavailable';
  }
  // Node reports a failed connection to several addresses as an AggregateError; wrappers keep theirs as the cause.
  const causes = [error.cause ?? [], error.errors ?? []].flat();
  return causes.some(isUnavailable) ? 'unavailable' : 'refused';
}

/** Each kind of denial needs a different fix. */
export type DenialKind = 'permission' | 'credentials' | 'clock' | 'key';

/** Undefined if the error does not name a denial. A bare status 403 does not: it may come from a proxy. */
export function denialKindOf(error: Error): DenialKind | undefined {
  const names = namesOf(error);
  if (hasOneOf(names, NOT_PERMITTED)) return 'permission';
  if (names.some((name) => KMS.test(name))) return 'key';
  if (hasOneOf(names, CREDENTIALS)) return 'credentials';
  return hasOneOf(names, CLOCK) ? 'clock' : undefined;
}

/** A table, queue or bus of the topology does not exist, not yet or no longer. */
export const isTopologyMissing = (thrown: unknown): boolean => errorKindOf(thrown) === 'missing';

/** AWS refuses the caller and not the request: no permission, no valid credentials or signature, no usable key. */
export const isDenied = (thrown: unknown): boolean => errorKindOf(thrown) === 'denied';

/**
 * An outage, which is every kind but `refused`: refused or broken connections, timeouts, throttling,
 * 5xx, a missing topology, missing permissions. Such an error says nothing about the message that met it.
 */
export function isUnavailable(thrown: unknown): boolean {
  return errorKindOf(thrown) !== 'refused';
}
