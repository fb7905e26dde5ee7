import type { AwsAction } from './aws-actions.js';
import { denialKindOf } from './error-kind.js';

/** A call that AWS denied, and what to do about it. */
export type Denial = {
  /** Denials with the same fix have the same key. */
  key: string;
  /** Written here and free of ARNs, because anyone who can call the readiness endpoint can read it. */
  reason: string;
  message: string;
  /** For the log, which may contain ARNs. */
  fields: Record<string, string | undefined>;
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
const NOT_AUTHORIZED = /not authorized to perform: ([a-z][a-z0-9-]{1,30}:[A-Za-z]{2,60})(?: on resource: ([^\s"',]+))?/;
const DECIDED_BY = /(explicit deny in|because no) (?:an? )?([A-Za-z][A-Za-z -]{2,40}?(?:policy|boundary))\b/;
/** The action to report when an error about an encryption key names none. */
const KEY_ACTION = 'kms:Decrypt';
const KMS_NAME = /^kms/i;

/** The kind of policy that denies the call, such as `service control policy`; undefined if it is the service's own. */
function otherPolicyIn(text: string): string | undefined {
  const [, how, kind] = DECIDED_BY.exec(text) ?? [];
  if (how === undefined || kind === undefined) return undefined;
  return how === 'because no' && kind === 'identity-based policy' ? undefined : kind;
}

function missingPermission(error: Error, call: AwsAction, policy: string): Denial {
  const { name, message: detail } = error;
  const [, named, arn] = NOT_AUTHORIZED.exec(detail) ?? [];
  const action = named ?? (KMS_NAME.test(name) ? KEY_ACTION : call.action);
  const deniedBy = otherPolicyIn(detail);
  return {
    key: `${action} ${call.resource}`,
    reason: `not allowed: ${action} on ${call.resource} (${deniedBy ?? `policy ${policy}`})`,
    message: 'a permission is missing',
    fields: { action, resource: arn ?? call.resource, policy, deniedBy, detail },
  };
}

/**
 * Why AWS denied the call; undefined if it did not, or if the error names no reason, such as an error page of a proxy.
 * @param policy the policy that should allow the call
 */
export function denialFrom(error: Error, call: AwsAction, policy: string): Denial | undefined {
  const { message: detail } = error;
  switch (denialKindOf(error)) {
    case 'permission':
      return missingPermission(error, call, policy);
    case 'credentials':
      return {
        key: 'credentials',
        reason:
          'credentials missing, expired or invalid, check the role or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
        message: 'AWS does not accept the credentials',
        fields: { check: 'the role of the task, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', detail },
      };
    case 'clock':
      return {
        key: 'clock',
        reason: 'AWS refuses the time of this machine, set its clock',
        message: 'the clock differs too much from that of AWS',
        fields: { detail },
      };
    case 'key':
      return {
        key: `key ${call.resource}`,
        reason: `encryption key of ${call.resource} cannot be used, check its state`,
        message: 'an encryption key cannot be used',
        fields: { resource: call.resource, detail },
      };
    case undefined:
      return undefined;
  }
}

const reasons = new WeakMap<Error, string>();

/** Stores the reason for `reasonOfDenial`, because AWS's text does not name the policy. */
export function noteReason(error: Error, { reason }: Pick<Denial, 'reason'>): void {
  reasons.set(error, reason);
}

export const reasonOfDenial = (error: Error): string | undefined => reasons.get(error);
