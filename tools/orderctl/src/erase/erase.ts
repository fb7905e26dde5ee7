import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { ConnectedSystem } from '../connect.js';
import { OperatorError } from '../operator-error.js';
import { readPartition } from '../read-partition.js';
import { row, type Terminal } from '../terminal.js';
import { findCustomerLetters, type CustomerLetters } from './customer-letters.js';
import { createErase, type Erased } from './erase-order.js';

export type EraseOptions = { dryRun?: boolean; yes?: boolean; json?: boolean };

/** Orders that are erased concurrently. */
const CHUNK = 10;
const WIDTHS = [12, 36];

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function print({ error: _error, ...done }: Erased, { json }: EraseOptions, { out }: Terminal): void {
  const { result, id, why, notifications } = done;
  const also = notifications > 0 ? `, with ${counted(notifications, 'notification')}` : '';
  out(json ? `${JSON.stringify(done)}\n` : row([result, id, `${why}${also}`], WIDTHS));
}

async function findOrders({ aws, names }: ConnectedSystem, customerId: string): Promise<string[]> {
  const table = ordersTable(names);
  const reader = createTableReader(aws.dynamo, table);
  const found: string[] = [];
  for await (const ids of readPartition(reader, table.key, table.indexes.byCustomer, customerId)) found.push(...ids);
  return found;
}

type Run = { customerId: string; ids: readonly string[]; letters: CustomerLetters; dryRun: boolean };

/** Erases the orders, or only reads them. An outage or Ctrl-C ends it between two chunks. */
async function run(
  system: ConnectedSystem,
  terminal: Terminal,
  { customerId, ids, letters, dryRun }: Run,
  onDone: (done: Erased) => void = () => undefined,
) {
  const eraseOne = createErase(system, { customerId, letters, dryRun }, terminal.now);
  const total = { erased: 0, left: 0, failed: 0, notifications: 0, tried: 0 };
  let isAway = false;
  for (let at = 0; at < ids.length && !isAway && !terminal.signal.aborted; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    total.tried += chunk.length;
    for (const done of await Promise.all(chunk.map(eraseOne))) {
      if (!done) continue;
      onDone(done);
      total[done.result === 'would-erase' ? 'erased' : done.result] += 1;
      total.notifications += done.notifications;
      isAway ||= done.error !== undefined && isUnavailable(done.error);
    }
  }
  return total;
}

/**
 * Erases a customer's personal data from finished orders, and deletes their notifications. Returns 0, also if there is
 * nothing to erase; 1 if something is left to do.
 */
export async function eraseCustomer(
  system: ConnectedSystem,
  terminal: Terminal,
  customerId: string,
  options: EraseOptions,
): Promise<number> {
  const { dryRun = false, yes, json } = options;
  if (!dryRun && !yes && !terminal.interactive) {
    throw new OperatorError(
      'There is no terminal to ask: use --yes to erase without a question, or --dry-run to look.',
    );
  }
  const ids = await findOrders(system, customerId);
  const letters = await findCustomerLetters(system, terminal, customerId, new Set(ids));
  if (ids.length === 0 && letters.others.length === 0) {
    terminal.err(`No order in stage ${system.stage} has this customer id, so there is nothing to erase.\n`);
    return 0;
  }
  const what = { customerId, ids, letters };
  let onlyLook = dryRun;
  if (!dryRun && !yes) {
    const plan = await run(system, terminal, { ...what, dryRun: true }, (done) => {
      if (done.result === 'failed') print(done, options, terminal);
    });
    if (plan.failed > 0 || plan.tried < ids.length) {
      throw new OperatorError('Not every order could be looked at, so nothing was erased. Run it again.');
    }
    // The question did not include orders that end from now on.
    onlyLook = plan.erased === 0;
    if (!onlyLook) {
      const much = `${counted(plan.erased, 'order')} and ${counted(plan.notifications, 'notification')}`;
      const answer = await terminal.ask(`Erase the personal data of ${much} for good? [y/N] `);
      if (!/^y(es)?$/i.test(answer.trim())) {
        terminal.err('Nothing was erased.\n');
        return 0;
      }
    }
  }

  const total = await run(system, terminal, { ...what, dryRun: onlyLook }, (done) => {
    print(done, options, terminal);
  });
  for (const id of letters.others) {
    const why = `a dead letter with the customer id, about no order of this customer: npm run dlq -- drop --id ${id}`;
    print({ result: 'left', id, why, notifications: 0 }, options, terminal);
  }
  const left = total.left + letters.others.length;
  const unasked = onlyLook && !dryRun ? total.erased : 0;
  const untried = ids.length - total.tried + unasked;
  if (!json) {
    const failed = total.failed > 0 ? `, ${total.failed} failed` : '';
    terminal.err(`${total.erased} ${onlyLook ? 'would be erased' : 'erased'}, ${left} left${failed}\n`);
  }
  if (untried > 0) terminal.err(`${untried} were not tried; run it again.\n`);
  if (terminal.signal.aborted) return 130;
  return left + total.failed + untried > 0 ? 1 : 0;
}
