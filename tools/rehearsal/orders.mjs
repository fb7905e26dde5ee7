/** Sends orders through the load balancer and audits them, with the operator's tools. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ofTheMachine, toolVariables } from '../local/environment.mjs';
import { LocalError } from '../local/fail.mjs';
import { runToEnd } from '../local/run-to-end.mjs';

const BATCH = { rate: '10', count: '100' };
const ENDS_WITHIN_MS = 240_000;
const AUDITS = 12;
const BETWEEN_AUDITS_MS = 5_000;

/** @param {import('./place.mjs').Place} place @param {string[]} args */
async function ops({ root, signal, credentials }, args) {
  const env = { ...ofTheMachine(process.env), ...toolVariables(credentials) };
  const main = `${root}tools/orderctl/dist/main.js`;
  const all = ['--no-warnings', main, ...args, '--json'];
  const { status, stdout, stderr } = await runToEnd(process.execPath, all, { env, signal, withinMs: ENDS_WITHIN_MS });
  if (!stdout.startsWith('{')) throw new LocalError(`ops ${args[0]}: ${stderr || stdout}`, 'see the logs above.');
  return { status, report: JSON.parse(stdout) };
}

/** Places one order and waits for its end. @param {import('./place.mjs').Place} place @param {string} api */
export async function placeOne(place, api) {
  const { status, report } = await ops(place, [
    'send',
    '--api',
    api,
    '--count',
    '1',
    '--product',
    'coffee-beans',
    '--wait',
    '60',
  ]);
  if (status !== 0)
    throw new LocalError(`The first order did not complete: ${JSON.stringify(report)}`, 'see the logs.');
  return `${report.lastOrderId} ${report.outcomes.completed === 1 ? 'COMPLETED' : 'ended'}`;
}

/**
 * Sends orders in batches until `changes` have been made.
 * @param {import('./place.mjs').Place} place @param {string} api @param {() => Promise<unknown>} changes
 */
export async function underLoad(place, api, changes) {
  let isDone = false;
  const total = { accepted: 0, refused: 0, unanswered: 0, retried: 0 };
  const changing = changes().finally(() => {
    isDone = true;
  });
  changing.catch(() => undefined);
  do {
    const { report } = await ops(place, ['send', '--api', api, '--rate', BATCH.rate, '--count', BATCH.count]);
    for (const key of /** @type {(keyof typeof total)[]} */ (Object.keys(total))) total[key] += report[key];
  } while (!isDone);
  await changing;
  if (total.refused + total.unanswered > 0) {
    throw new LocalError(`The API did not accept all orders: ${JSON.stringify(total)}`, 'see the logs above.');
  }
  return total;
}

/**
 * Audits until everything has ended, and the audit finds nothing.
 * @param {import('./place.mjs').Place} place @param {string} endpoint @param {number} expected accepted orders
 */
export async function auditAll(place, endpoint, expected) {
  for (let round = 1; ; round += 1) {
    const { report } = await ops(place, ['audit', '--endpoint', endpoint, '--stage', place.stage]);
    const { orders, notifications, outcomes, findingCount } = report;
    const isSettled = orders.terminal === orders.total && notifications.terminal === notifications.total;
    const isClean = findingCount === 0 && orders.lost === 0 && orders.markers === 0 && notifications.markers === 0;
    if (orders.total !== expected) {
      throw new LocalError(`${expected} orders were accepted, and ${orders.total} are stored.`, 'see the logs above.');
    }
    if (isSettled && isClean) {
      return `${orders.total} orders, ${orders.lost} lost, ${outcomes.notified} notified, ${findingCount} findings`;
    }
    if (round === AUDITS)
      throw new LocalError(`The audit is not clean:\n${JSON.stringify(report)}`, 'see the logs above.');
    await sleep(BETWEEN_AUDITS_MS, undefined, { signal: place.signal });
  }
}
