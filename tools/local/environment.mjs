/**
 * The environments of child processes and the options of emulator clients. A child gets only the variables that are
 * named here, not the shell's settings for AWS, proxies, Python or npm.
 */
import { randomBytes } from 'node:crypto';
import { devNull } from 'node:os';

/** @typedef {{ accessKeyId: string, secretAccessKey: string }} Credentials */

/** Region of every emulator. AWS_REGION applies to AWS only. */
const EMULATOR_REGION = 'us-east-1';

/** LocalStack accepts any credentials. Containers use these. @type {Readonly<Credentials>} */
export const LOCALSTACK_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * Credentials for one run of MiniStack. Its guard compares the id, which is therefore as long as a secret. The id must
 * not look like an account (12 digits) or an AWS key (AKIA...).
 */
export function createCredentials() {
  return {
    accessKeyId: `LOCAL${randomBytes(16).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
}

/** Variables of the services, except those that a start sets (ports, addresses, keys, region). */
export const SETTINGS = [
  ...['STAGE', 'ALLOWED_HOSTS', 'LOG_LEVEL', 'LOG_FORMAT', 'LOG_REDACT', 'SHUTDOWN_TIMEOUT_MS', 'FAILPOINTS'],
  ...['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_TRACES_SAMPLER_ARG', 'AWS_REQUEST_TIMEOUT_MS', 'NOTIFY_ON_ORDER_OUTCOME'],
  ...['OUTBOX_DELAY_MS', 'OUTBOX_MAX_ATTEMPTS', 'SWEEP_INTERVAL_MS', 'QUEUE_GRACE_MS', 'VISIBILITY_TIMEOUT_SECONDS'],
  ...['BODY_LIMIT_BYTES', 'RATE_LIMIT_MAX', 'RATE_LIMIT_WINDOW_MS', 'STREAMS_PER_CLIENT_MAX', 'WRITE_TIMEOUT_MS'],
  ...['TRUST_PROXY', 'KEEP_ALIVE_TIMEOUT_MS', 'SHUTDOWN_DELAY_MS', 'RETENTION_DAYS'],
  ...['AUTH_MODE', 'OIDC_ISSUER', 'OIDC_AUDIENCE', 'OIDC_JWKS_URL', 'OIDC_CUSTOMER_CLAIM', 'OIDC_SCOPE_PREFIX'],
  ...['OIDC_REQUIRE_AT_JWT', 'OIDC_PAGE_CLIENT_ID', 'OIDC_PAGE_ORIGINS'],
  ...['UNREAD_BYTES_MAX', 'WORKER_POLLERS', 'POLLER_WEDGED_AFTER_MS', 'SQS_WAIT_TIME_SECONDS', 'HANDLER_TIMEOUT_MS'],
  ...['MAX_RECEIVES', 'RETRY_BASE_SECONDS', 'RETRY_MAX_SECONDS', 'FULFILMENT_DELAY_MS', 'FULFILMENT_BREAKS_ON'],
];

/** Variables of the deploy script: the template's parameters. */
export const TEMPLATE_PARAMETERS = [
  ...['STAGE', 'DURABLE', 'NOTIFY_ON_ORDER_OUTCOME', 'VISIBILITY_TIMEOUT_SECONDS', 'MAX_RECEIVE_COUNT'],
];

/** Variables that every program needs: paths, user and locale. */
const MACHINE =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|TZ|LANG|LANGUAGE|LC_\w+|LD_LIBRARY_PATH|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA)$/i;
/** Proxies, certificates and tokens for package registries. */
const NETWORK =
  /^(?:(?:HTTP|HTTPS|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|NPM_TOKEN|NODE_AUTH_TOKEN)$/i;
/** The registries of npm and pip. */
const REGISTRIES =
  /^(?:npm_config_(?:registry|userconfig|globalconfig|cache|ca|cafile|cert|key|proxy|https?_proxy|noproxy|strict_ssl|fetch_\w+|maxsockets|prefer_offline|offline)|PIP_(?:INDEX_URL|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|CACHE_DIR|KEYRING_PROVIDER|CONFIG_FILE)|XDG_(?:CONFIG|CACHE)_HOME)$/i;
/** The address of Docker, and settings of Compose. */
const DOCKER =
  /^(?:DOCKER_\w+|BUILDKIT_\w+|BUILDX_\w+|SSH_AUTH_SOCK|XDG_\w+|COMPOSE_ENV_FILES|COMPOSE_DISABLE_ENV_FILE)$/i;

/** Variables of tests. NODE_OPTIONS allows a debugger. */
const TESTS = /^(?:CI|CHROMIUM_PATH|WRITE_PARITY|NODE_OPTIONS|(?:JEST|TESTCONTAINERS|ORDERFLOW)_\w+)$/;

/** AWS SDKs read config files even with explicit credentials. The null device is an empty file. */
const NO_FILES = { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull };

/** @param {NodeJS.ProcessEnv} env @param {(RegExp | readonly string[])[]} allowed */
function pick(env, ...allowed) {
  const isAllowed = (/** @type {string} */ name) =>
    allowed.some((names) => (names instanceof RegExp ? names.test(name) : names.includes(name)));
  return Object.fromEntries(Object.entries(env).filter(([name]) => isAllowed(name)));
}

/** For programs without own variables: emulator, compiler, Python. @param {NodeJS.ProcessEnv} env */
export const ofTheMachine = (env) => pick(env, MACHINE);

/** For the services. @param {NodeJS.ProcessEnv} env */
export const forServices = (env) => ({ ...pick(env, MACHINE, SETTINGS), ...NO_FILES });

/** For the deploy script. @param {NodeJS.ProcessEnv} env */
export const forDeployment = (env) => ({ ...pick(env, MACHINE, TEMPLATE_PARAMETERS), ...NO_FILES });

/** For npm and pip. @param {NodeJS.ProcessEnv} env */
export const forDownloads = (env) => pick(env, MACHINE, NETWORK, REGISTRIES);

/** For `docker compose`, including the settings in compose.yaml. @param {NodeJS.ProcessEnv} env */
export const forDocker = (env) => pick(env, MACHINE, DOCKER, SETTINGS, [...TEMPLATE_PARAMETERS, 'LOCALSTACK_PORT']);

/** For Jest. Tests install and start everything. @param {NodeJS.ProcessEnv} env */
export const forTests = (env) => ({ ...pick(env, MACHINE, NETWORK, REGISTRIES, DOCKER, TESTS), ...NO_FILES });

/**
 * Removes variables that change an AWS client's credentials, endpoint or proxy from this process. Call it before the
 * first client is created.
 * @param {NodeJS.ProcessEnv} env
 */
export function forgetAws(env) {
  for (const name of Object.keys(env)) if (/^AWS_/i.test(name)) delete env[name];
  Object.assign(env, NO_FILES);
}

/**
 * Options of every emulator client. The SDK would take missing options from the shell.
 * @param {string} endpoint @param {Credentials} credentials
 */
export function emulatorClient(endpoint, credentials) {
  return {
    endpoint,
    credentials,
    region: EMULATOR_REGION,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    retryMode: 'standard',
    defaultsMode: /** @type {const} */ ('legacy'),
    authSchemePreference: ['sigv4'],
  };
}

/** For the deploy script, orderctl and the doctor. @param {Credentials} credentials */
export function toolVariables({ accessKeyId, secretAccessKey }) {
  return { EMULATOR_ACCESS_KEY_ID: accessKeyId, EMULATOR_SECRET_ACCESS_KEY: secretAccessKey };
}

/** For the services, the AWS CLI, and any SDK. @param {string} endpoint @param {Credentials} credentials */
export function sdkVariables(endpoint, { accessKeyId, secretAccessKey }) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: EMULATOR_REGION,
    // Read by the AWS CLI and Python's SDK.
    AWS_DEFAULT_REGION: EMULATOR_REGION,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

/**
 * Shell commands that direct AWS tools to the emulator.
 * @param {NodeJS.ProcessEnv} env of that shell
 * @param {string} endpoint @param {Credentials} credentials
 */
export function shellCommands(env, endpoint, credentials) {
  const names = Object.keys(env);
  const foreign = names.filter((name) => /^AWS_\w+$/.test(name) && !SETTINGS.includes(name));
  const variables = Object.entries({ ...NO_FILES, ...sdkVariables(endpoint, credentials) });
  const direct = ['NO_PROXY', 'no_proxy'].map((name) => `${name}="\${${name}:+$${name},}127.0.0.1,localhost"`);
  return [
    ...(foreign.length > 0 ? [`unset ${foreign.join(' ')}`] : []),
    `export ${variables.map(([name, value]) => `${name}=${value}`).join(' ')}`,
    ...(names.some((name) => /^(?:HTTP|ALL)_PROXY$/i.test(name)) ? [`export ${direct.join(' ')}`] : []),
  ].join('\n');
}
