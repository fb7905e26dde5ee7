/** The system that `npm run hostile` sends its requests to. */
import { createTokenSource } from '../local/access-token.mjs';
import { deployTopology, SERVICE_NAMES, startMiniStack, startService } from '../local/embedded.mjs';
import { createCredentials } from '../local/environment.mjs';
import { LocalError } from '../local/fail.mjs';
import { startProvider, trustVariables } from '../local/identity-provider.mjs';
import { poll } from '../local/patience.mjs';
import { freePort } from '../local/ports.mjs';
import { build, installEmulator } from '../local/requirements.mjs';

/** @typedef {import('../local/access-token.mjs').Headers} Headers */

const FAIL_WITHIN_MS = 120_000;
/** A token that is valid during the whole run. */
const TOKEN_SECONDS = 86_400;
/** Who sends the requests: a program of the laptop's provider, or no one it knows. */
export const CALLERS = { operator: 'orderflow-operator', customer: 'orderflow-checkout', nobody: undefined };

/**
 * @param {import('../local/embedded.mjs').Place} place
 * @param {{ withTokens: boolean, awsRequestMs: number }} options
 * @returns {Promise<string>} the API's URL
 */
export async function startSystem(place, { withTokens, awsRequestMs }) {
  const { root } = place;
  await build(root);
  const { python } = await installEmulator(root);
  const emulatorPort = await freePort();
  const credentials = createCredentials();
  await startMiniStack(place, { python, port: emulatorPort, credentials });
  const emulatorUrl = `http://127.0.0.1:${emulatorPort}`;
  await deployTopology(root, { python, emulatorUrl, credentials });
  let trust = {};
  if (withTokens) {
    const port = await freePort();
    await startProvider(place, port, { ACCESS_TOKEN_TTL_SECONDS: String(TOKEN_SECONDS) });
    trust = trustVariables(port);
  }
  let apiUrl = '';
  for (const service of SERVICE_NAMES) {
    const port = await freePort();
    // Failing orders are given up at once, so that some can be replayed.
    const soon = { MAX_RECEIVES: '1', RETRY_BASE_SECONDS: '1', RETRY_MAX_SECONDS: '1' };
    const ofApi = service === 'api-gateway' ? { AWS_REQUEST_TIMEOUT_MS: String(awsRequestMs), ...trust } : {};
    const env = { LOG_FORMAT: 'json', RATE_LIMIT_MAX: '100000000', FULFILMENT_DELAY_MS: '20', ...soon, ...ofApi };
    await startService(place, service, { port, emulatorUrl, credentials, env });
    if (service === 'api-gateway') apiUrl = `http://127.0.0.1:${port}`;
  }
  return apiUrl;
}

/**
 * Headers of a caller: none if the API needs no token.
 * @param {string} url @param {keyof typeof CALLERS} caller @returns {Promise<Headers>}
 */
export async function headersOf(url, caller) {
  const program = CALLERS[caller];
  if (program === undefined) return {};
  // Each program's secret is its id.
  const client = { OIDC_CLIENT_ID: program, OIDC_CLIENT_SECRET: program };
  const scopes = ['orders:read', 'orders:write', 'notifications:write', ...(caller === 'operator' ? ['ops'] : [])];
  return createTokenSource(url, { ...client, OIDC_SCOPE: scopes.join(' ') }).headers();
}

/**
 * Places orders that fail and can be replayed.
 * @param {string} url @param {number} count @param {Headers} token @returns {Promise<string[]>} their ids
 */
export async function failedOrders(url, count, token) {
  const item = { productId: 'test-fails-always', productName: 'Fails', quantity: 1, unitPrice: 1 };
  const body = JSON.stringify({ customerId: 'hostile', items: [item], totalAmount: 1 });
  const headers = { 'content-type': 'application/json', ...token };
  /** @param {string} path @param {RequestInit} [init] */
  const read = async (path, init) =>
    /** @type {any} */ (await (await fetch(`${url}${path}`, { headers, ...init })).json());
  const made = await Promise.all(Array.from({ length: count }, () => read('/api/orders', { method: 'POST', body })));
  const ids = made.map(({ orderId }) => orderId);
  for (const id of ids) {
    const hasFailed = async () => (await read(`/api/orders/${id}`)).status === 'FAILED';
    if (await poll(hasFailed, FAIL_WITHIN_MS)) continue;
    throw new LocalError(`Order ${id} has not failed in time.`, 'See the log of order-worker.');
  }
  return ids;
}
