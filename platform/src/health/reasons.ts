import { reasonOfDenial } from '../aws/denial.js';
import { errorKindOf, type AwsErrorKind } from '../aws/error-kind.js';
import { publicNameOf, toError } from '../runtime/errors.js';

/** A failed check. `reason` is in our own words, because anyone who can ask for readiness may read it. */
export class CheckError extends Error {
  override readonly name: string = 'CheckError';

  constructor(
    message: string,
    readonly reason = message,
  ) {
    super(message);
  }
}

/**
 * Why a check failed, for `/health/ready` and `/api/system`: our own words, a missing permission, or the name and kind
 * of an error. The text of an error belongs in the log only. It may contain an account, a role, an ARN, an address, or
 * a proxy's error page.
 */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof CheckError) return thrown.reason;
  const error = toError(thrown);
  const denial = reasonOfDenial(error);
  if (denial !== undefined) return denial;
  const kind = errorKindOf(error);
  return kind === 'refused' ? publicNameOf(error) : `${publicNameOf(error)}: ${kind}`;
}

const KINDS: readonly Exclude<AwsErrorKind, 'refused'>[] = ['throttled', 'timeout', 'missing', 'denied', 'unavailable'];
const AN_ERROR = new RegExp(String.raw`^[A-Za-z][\w.]{0,63}( \(\w{1,64}\))?(: (${KINDS.join('|')}))?$`);
/** Without the characters of addresses, URLs and ARNs, and without the twelve digits of an account. */
const A_SENTENCE = /^(?!.*\d{12})[A-Za-z0-9][A-Za-z0-9 ,;()_-]{0,199}$/;
/** The only reason that contains a colon, in the name of an IAM action. */
const A_DENIAL = /^(?!.*\d{12})not allowed: [a-z][a-z0-9-]{1,30}:[A-Za-z]{2,60} on [A-Za-z0-9 ,()_-]{1,199}$/;

/** Whether `reasonOf` may have written the text, which another process sent. */
export function isReason(text: unknown): text is string {
  return typeof text === 'string' && [AN_ERROR, A_SENTENCE, A_DENIAL].some((form) => form.test(text));
}
