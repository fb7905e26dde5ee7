/** Explains an error of an AWS call in one sentence, with its fix. */
import { fail, skipped } from '../check.mjs';

/** @typedef {{ stage: string, region?: string | undefined, profile?: string | undefined }} Around */

/** IAM can grant these only on `*`, so no policy of a stage has them (docs/adr/0038-least-privilege.md). */
const ACCOUNT_WIDE = ['ecs:DescribeTaskDefinition', 'ecs:ListTasks', 'events:ListRules'];

const RENEW = 'aws sso login   (without SSO: get new credentials and export them)';
/** AWS names a user or an assumed role. The pattern leaves out the account number. */
const DENIED = /^User: (?:arn:[^ /]*\/)?(?<who>[^ ]*) is not authorized to perform: (?<action>[\w:-]+)/;

/** @param {Error & { code?: string, Code?: string }} error */
const namesOf = ({ name, code, Code }) => [name, code, Code].join(' ');

/** @param {unknown} error */
export const isDenied = (error) =>
  /AccessDenied|UnauthorizedOperation|NotAuthorized/.test(namesOf(/** @type {Error} */ (error)));

/** @param {string} message */
const deniedAction = (message) => DENIED.exec(message)?.groups?.['action'];

/**
 * The check that a denied call prevented. It is not a failure if the operators' policy cannot allow the call.
 * @param {string} check @param {unknown} error @param {Around} around
 */
export function notRead(check, error, around) {
  const { found, fix } = explain(error, around);
  const isUsual = ACCOUNT_WIDE.includes(deniedAction(/** @type {Error} */ (error).message) ?? '');
  return (isUsual ? skipped : fail)(check, `not read: ${found}`, fix);
}

/**
 * @param {unknown} thrown @param {Around} around
 * @returns {{ found: string, fix: string }}
 */
export function explain(thrown, { stage, region, profile }) {
  const error = /** @type {Error & { code?: string, Code?: string }} */ (thrown);
  const names = namesOf(error);
  const { message } = error;
  const login = profile ? RENEW.replace('login', `login --profile ${profile}`) : RENEW;
  const operator = `${stage}-operator-${region ?? 'REGION'}`;

  if (/Region is missing/i.test(message)) {
    return { found: 'no region is set', fix: 'npm run doctor -- --aws --region REGION   (or set AWS_REGION)' };
  }
  if (/expired|ExpiredToken|RequestExpired/i.test(`${names} ${message}`)) {
    return { found: 'the credentials have expired', fix: login };
  }
  if (/TokenProviderError|SSO session|sso login/i.test(`${names} ${message}`)) {
    return { found: 'the SSO session is not valid', fix: login };
  }
  if (/CredentialsProviderError/.test(names)) {
    const found = profile ? `the profile ${profile} gives no credentials` : 'there are no AWS credentials';
    return {
      found,
      fix: 'aws configure sso, then export AWS_PROFILE=NAME   (check with: aws sts get-caller-identity)',
    };
  }
  if (/InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|AuthFailure/.test(names)) {
    const found = `AWS does not accept this access key in ${region}`;
    return { found, fix: 'aws sts get-caller-identity   (wrong key, or a region that the account has not enabled)' };
  }
  if (isDenied(error)) {
    const { who, action } = DENIED.exec(message)?.groups ?? {};
    const found = action ? `${action} is not allowed for ${who}` : 'a call is not allowed';
    if (action && ACCOUNT_WIDE.includes(action)) {
      const why = `AWS grants it on * only, so ${operator} lacks it`;
      return { found, fix: `ask an administrator of the account to allow ${action} on *   (${why})` };
    }
    return { found, fix: `attach the managed policy ${operator} to your role or user` };
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(`${names} ${message}`)) {
    return {
      found: `no AWS endpoint was found for the region ${region}`,
      fix: 'npm run doctor -- --aws --region REGION   (or check the network connection)',
    };
  }
  if (/ECONNREFUSED|ETIMEDOUT|ECONNRESET|TimeoutError/.test(`${names} ${message}`)) {
    return {
      found: `no answer: ${error.code ?? error.name}`,
      fix: 'check the network connection, then run this again',
    };
  }
  return { found: message || error.name, fix: 'aws sts get-caller-identity   (shows whether AWS answers at all)' };
}
