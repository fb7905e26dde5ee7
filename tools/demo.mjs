/** `npm run demo`: follows one order and its notifications to the end, at API_URL or on the system that runs here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from './local/ask.mjs';
import { LocalError, printProblem } from './local/fail.mjs';
import { findSystem } from './local/find-system.mjs';
import { createPatience } from './local/patience.mjs';
import { readArguments } from './usage.mjs';

readArguments('npm run demo   (on the system that runs here, or at API_URL)', { options: {} });

const root = fileURLToPath(new URL('..', import.meta.url));
let base = '';
const GIVE_UP_MS = 30_000;

const ITEMS = [
  { productId: 'book-42', productName: 'Designing Data-Intensive Applications', quantity: 1, unitPrice: 43.5 },
  { productId: 'pen-7', productName: 'Fountain pen', quantity: 2, unitPrice: 12.25 },
];

/** @returns {Promise<string>} without a slash at the end */
async function findApi() {
  const named = process.env.API_URL?.trim();
  if (named) {
    if (!URL.canParse(named)) throw new LocalError('API_URL must be an http(s) URL such as http://127.0.0.1:3000.', '');
    return named.replace(/\/+$/, '');
  }
  return (await findSystem(root, process.env, 'api')).url;
}

/** @param {string} path @param {Parameters<typeof request>[1]} [init] @returns {Promise<any>} the body */
async function call(path, init) {
  const answer = await request(`${base}${path}`, init);
  if (!answer) {
    throw new LocalError(
      `Nothing answers at ${base}.`,
      'npm run doctor says what is wrong with the system that runs here. For another one: API_URL=http://… npm run demo',
    );
  }
  let body;
  try {
    body = JSON.parse(answer.body);
  } catch {
    throw new LocalError(`What answers at ${base} is not Orderflow's API.`, 'API_URL=http://… npm run demo');
  }
  if (answer.status >= 400)
    throw new LocalError(`${path} answered ${answer.status}: ${body.detail ?? JSON.stringify(body)}`, '');
  return body;
}

/** @param {string} path @param {object} body */
function post(path, body) {
  return call(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

const startedAt = performance.now();
/** @param {string} text */
function note(text) {
  say(`  ${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s  ${text}`);
}

/**
 * Prints each new status until the end.
 * @param {() => Promise<{ status: string } | undefined>} ask @param {string} name @param {string[]} ends
 */
async function follow(ask, name, ends) {
  const patience = createPatience(GIVE_UP_MS);
  let last = '';
  for (;;) {
    const seen = await ask();
    if (seen && seen.status !== last) {
      last = seen.status;
      note(`${name} ${last}`);
    }
    if (seen && ends.includes(seen.status)) return seen;
    if (patience.isOver()) {
      throw new LocalError(
        `${name} is still ${last || 'not there'} after ${GIVE_UP_MS / 1_000} s.`,
        'look at the workers, with docker compose logs order-worker notification-worker, or in logs/',
      );
    }
    await sleep(50);
  }
}

/** @param {number} amount */
const money = (amount) => amount.toFixed(2).padStart(8);

try {
  base = await findApi();
  const totalAmount = ITEMS.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice * 100, 0) / 100;
  say(`\nAn order at ${base}\n`);
  for (const { productName, quantity, unitPrice } of ITEMS) {
    say(`  ${String(quantity).padStart(3)} × ${productName.padEnd(42)} ${money(quantity * unitPrice)}`);
  }
  say(`      ${'Total'.padEnd(42)} ${money(totalAmount)}\n`);

  const order = await post('/api/orders', { customerId: 'demo-customer', items: ITEMS, totalAmount });
  const { orderId } = order;
  note(`order ${orderId} accepted`);
  const ended = await follow(() => call(`/api/orders/${orderId}`), 'order', ['COMPLETED', 'FAILED']);
  if (ended.status !== 'COMPLETED') throw new LocalError(`The order ended ${ended.status}.`, '');

  const notification = await post('/api/notifications', {
    orderId,
    channel: 'SMS',
    message: 'Your parcel leaves the warehouse today.',
  });
  await follow(() => call(`/api/notifications/${notification.notificationId}`), 'notification (SMS, asked for)', [
    'SENT',
    'FAILED',
  ]);
  const ofOutcome = async () => {
    const { items } = await call(`/api/orders/${orderId}/notifications`);
    return items.find((/** @type {{ channel: string }} */ { channel }) => channel === 'EMAIL');
  };
  await follow(ofOutcome, 'notification (e-mail, by the outcome)', ['SENT', 'FAILED']);

  say('\nWhat the customer was told:\n');
  const { items: told } = await call(`/api/orders/${orderId}/notifications`);
  for (const { channel, status, message } of told) say(`  ${channel.padEnd(6)} ${status.padEnd(5)} ${message}`);
  say(`\nSee for yourself: curl ${base}/api/orders/${orderId}\n`);
} catch (error) {
  if (error instanceof LocalError) printProblem(error.message, error.fix);
  else printProblem(String(/** @type {Error} */ (error).stack));
  process.exit(1);
}
