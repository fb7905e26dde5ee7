/** `npm run demo`: follows one order and its notifications to the end, at API_URL or on the system that runs here. */
import { fileURLToPath } from 'node:url';
import { createTokenSource, HOW_TO_BE_ALLOWED } from './local/access-token.mjs';
import { LocalError, printProblem } from './local/fail.mjs';
import { findApi } from './local/find-api.mjs';
import { poll } from './local/patience.mjs';
import { say } from './local/steps.mjs';
import { readArguments } from './usage.mjs';

readArguments('npm run demo   (on the system that runs here, or at API_URL)', { options: {} });

const GIVE_UP_MS = 30_000;
const ITEMS = [
  { productId: 'book-42', productName: 'Designing Data-Intensive Applications', quantity: 1, unitPrice: 43.5 },
  { productId: 'pen-7', productName: 'Fountain pen', quantity: 2, unitPrice: 12.25 },
];

/**
 * Calls the API, with POST if there is a body.
 * @param {string} base @param {import('./local/access-token.mjs').TokenSource} tokens
 * @param {string} path @param {object} [sent] @returns {Promise<any>} the body
 */
async function callApi(base, tokens, path, sent) {
  const headers = { 'content-type': 'application/json' };
  const answer = await tokens.request(path, sent && { method: 'POST', headers, body: JSON.stringify(sent) });
  if (!answer) {
    throw new LocalError(
      `Nothing answers at ${base}.`,
      'npm run doctor shows what is wrong with the system that runs here. For another one: API_URL=http://… npm run demo',
    );
  }
  let body;
  try {
    body = JSON.parse(answer.body);
  } catch {
    throw new LocalError(`The program at ${base} is not Orderflow's API.`, 'API_URL=http://… npm run demo');
  }
  if (answer.status < 400) return body;
  const isDenied = answer.status === 401 || answer.status === 403;
  throw new LocalError(
    `${path} answered ${answer.status}: ${body.detail ?? JSON.stringify(body)}`,
    isDenied ? HOW_TO_BE_ALLOWED : '',
  );
}

const startedAt = performance.now();
/** @param {string} text */
function note(text) {
  say(`  ${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s  ${text}`);
}

/**
 * Prints each new status until the end.
 * @param {string} name
 * @param {string[]} ends
 * @param {() => Promise<{ status: string } | undefined>} ask
 */
async function follow(name, ends, ask) {
  let last = '';
  const isOver = async () => {
    const { status = '' } = (await ask()) ?? {};
    if (status && status !== last) note(`${name} ${status}`);
    last = status || last;
    return ends.includes(status);
  };
  if (await poll(isOver, GIVE_UP_MS, { everyMs: 50 })) return last;
  throw new LocalError(
    `${name} is still ${last || 'missing'} after ${GIVE_UP_MS / 1_000} s.`,
    'look at the workers, with docker compose logs order-worker notification-worker, or in logs/',
  );
}

/** @param {number} amount */
const money = (amount) => amount.toFixed(2).padStart(8);

try {
  const base = await findApi(fileURLToPath(new URL('..', import.meta.url)));
  const tokens = createTokenSource(base);
  /** @param {string} path @param {object} [sent] */
  const call = (path, sent) => callApi(base, tokens, path, sent);
  const totalAmount = ITEMS.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice * 100, 0) / 100;
  say(`\nAn order at ${base}\n`);
  for (const { productName, quantity, unitPrice } of ITEMS) {
    say(`  ${String(quantity).padStart(3)} × ${productName.padEnd(42)} ${money(quantity * unitPrice)}`);
  }
  say(`      ${'Total'.padEnd(42)} ${money(totalAmount)}\n`);

  const { orderId } = await call('/api/orders', { customerId: 'demo-customer', items: ITEMS, totalAmount });
  note(`order ${orderId} accepted`);
  const ended = await follow('order', ['COMPLETED', 'FAILED'], () => call(`/api/orders/${orderId}`));
  if (ended !== 'COMPLETED') throw new LocalError(`The order ended ${ended}.`, '');

  const text = { channel: 'SMS', message: 'Your parcel leaves the warehouse today.' };
  const { notificationId } = await call('/api/notifications', { orderId, ...text });
  await follow('notification (SMS, requested)', ['SENT', 'FAILED'], () => call(`/api/notifications/${notificationId}`));
  const listed = async () => /** @type {any[]} */ ((await call(`/api/orders/${orderId}/notifications`)).items);
  await follow('notification (e-mail, by the outcome)', ['SENT', 'FAILED'], async () =>
    (await listed()).find(({ channel }) => channel === 'EMAIL'),
  );

  say('\nMessages to the customer:\n');
  for (const { channel, status, message } of await listed())
    say(`  ${channel.padEnd(6)} ${status.padEnd(5)} ${message}`);
  const needsToken = 'authorization' in (await tokens.headers());
  const header = needsToken ? ' -H "authorization: Bearer $(npm run token --silent)"' : '';
  say(`\nSee for yourself: curl${header} ${base}/api/orders/${orderId}\n`);
} catch (error) {
  printProblem(error);
  process.exit(1);
}
