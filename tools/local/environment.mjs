/** What processes that talk to an emulator find in their environment: its key, and nothing of the shell's own AWS. */
import { randomBytes } from 'node:crypto';
import { devNull } from 'node:os';

/** @typedef {{ accessKeyId: string, secretAccessKey: string }} Credentials */

/**
 * LocalStack's: it takes any, and containers know these.
 * @type {Readonly<Credentials>}
 */
export const LOCALSTACK_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * Credentials that only one run of MiniStack takes. The id is what its guard compares, so it is as long as a secret. It
 * must not look like an account (12 digits) or like one of AWS's own (AKIA...).
 * @returns {Credentials}
 */
export function createCredentials() {
  return {
    accessKeyId: `LOCAL${randomBytes(16).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
}

/** Variables of Orderflow, although they begin as the SDK's do. */
const OURS = ['AWS_REQUEST_TIMEOUT_MS'];
/** Who asks (profiles, credentials), where (endpoints, FIPS, regions), and by which way (proxies, certificates). */
const FOREIGN = /^(?:AWS_\w*|BOTO_CONFIG|(?:HTTP|HTTPS|ALL|NO|FTP)_PROXY|NODE_USE_ENV_PROXY)$/i;

/** The AWS SDKs read a config file even when they are given credentials; the null device is an empty one. */
const NO_FILES = { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull };

/**
 * An environment without what could change who asks an emulator, and by which way.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutAws(env) {
  const kept = Object.entries(env).filter(([name]) => OURS.includes(name) || !FOREIGN.test(name));
  return { ...Object.fromEntries(kept), ...NO_FILES };
}

/** All that an interpreter needs. MiniStack reads some hundred variables, many of them under common names. */
const OF_THE_MACHINE = /^(?:PATH|HOME|USER|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|SYSTEMROOT|SYSTEMDRIVE|USERPROFILE)$/i;

/**
 * The little that the emulator itself gets of an environment.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function ofTheMachine(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => OF_THE_MACHINE.test(name)));
}

/**
 * For Orderflow's own tools: the deploy script, orderctl and doctor.
 * @param {Credentials} credentials
 */
export function toolVariables({ accessKeyId, secretAccessKey }) {
  return { EMULATOR_ACCESS_KEY_ID: accessKeyId, EMULATOR_SECRET_ACCESS_KEY: secretAccessKey };
}

/**
 * For the services, the AWS CLI, and any SDK.
 * @param {string} endpoint
 * @param {Credentials} credentials
 */
export function sdkVariables(endpoint, { accessKeyId, secretAccessKey }) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

/**
 * What makes a shell ask the emulator and nothing else of AWS, whatever was set there.
 * @param {NodeJS.ProcessEnv} env of that shell
 * @param {string} endpoint
 * @param {Credentials} credentials
 */
export function shellCommands(env, endpoint, credentials) {
  const foreign = Object.keys(env).filter((name) => /^AWS_\w+$/.test(name) && !OURS.includes(name));
  const variables = Object.entries({ ...NO_FILES, ...sdkVariables(endpoint, credentials) });
  const exported = `export ${variables.map(([name, value]) => `${name}=${value}`).join(' ')}`;
  return foreign.length > 0 ? `unset ${foreign.join(' ')}\n${exported}` : exported;
}
