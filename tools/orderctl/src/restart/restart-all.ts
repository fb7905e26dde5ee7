import { workItemTables } from '@orderflow/domain/work-item-tables';
import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import type { ConnectedSystem } from '../connect.js';
import { OperatorError } from '../operator-error.js';
import { scanTable } from '../scan-table.js';
import { pace } from '../send/pace.js';
import { row, type Terminal } from '../terminal.js';
import { createRestart, type Item, type Kind, type Restarted } from './restart.js';

export type RestartOptions = {
  code?: string[];
  most: number;
  /** Per second. */
  rate: number;
  dryRun?: boolean;
  json?: boolean;
};

const MAX_IN_FLIGHT = 10;
const WIDTHS = [12, 36];

/** Scans the table for items that failed with one of the codes. @param most more are not looked for */
async function findFailed(
  { aws }: ConnectedSystem,
  table: WorkItemTable,
  codes: readonly string[],
  most: number,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of scanTable(aws.dynamo, table.name, [table.key, 'status', 'failure'])) {
    for (const { status, failure, [table.key]: id } of page as (Item & Record<string, unknown>)[]) {
      const isMeant = status === table.states.failed && failure?.retriable === true && codes.includes(failure.code);
      if (isMeant) ids.push(String(id));
    }
    if (ids.length >= most) break;
  }
  return ids;
}

function print({ error: _error, ...done }: Restarted, { json }: RestartOptions, terminal: Terminal): void {
  const { result, id, why, deadLetter } = done;
  const letter = deadLetter === undefined ? '' : `; its dead letter ${deadLetter} no longer starts anything`;
  terminal.out(json ? `${JSON.stringify(done)}\n` : row([result, id, `${why}${letter}`], WIDTHS));
}

/**
 * Restarts failed orders or notifications at a steady rate. An outage ends the run and is reported with the results.
 * Returns 0, or 1 if an item was refused, missing or not started.
 */
export async function restartAll(
  system: ConnectedSystem,
  terminal: Terminal,
  kind: Kind,
  given: readonly string[],
  options: RestartOptions,
): Promise<number> {
  const { code = [], most, rate, dryRun = false, json } = options;
  if ((given.length === 0) === (code.length === 0)) {
    throw new OperatorError(`Say which: one ${kind} id or more, or --code UNDELIVERED for all that failed with it.`);
  }
  const { orders, notifications } = workItemTables(system.names);
  const table = { order: orders, notification: notifications }[kind];
  const found = given.length > 0 ? [...new Set(given)] : await findFailed(system, table, code, most + 1);
  const ids = given.length > 0 ? found : found.slice(0, most);
  const restart = createRestart(system, { kind, table, dryRun }, terminal.now);
  const total = { replayed: 0, refused: 0, failed: 0, letters: 0 };
  const away = new AbortController();

  if (ids.length > 0) {
    const { elapsedMs, pause } = terminal;
    const until = { elapsedMs, pause, signal: AbortSignal.any([terminal.signal, away.signal]) };
    await pace(until, { rate, count: ids.length, mostInFlight: MAX_IN_FLIGHT }, async (index) => {
      const done = await restart(ids[index] ?? '');
      print(done, options, terminal);
      if (done.result === 'refused' || done.result === 'failed') total[done.result] += 1;
      else total.replayed += 1;
      if (done.deadLetter !== undefined) total.letters += 1;
      if (done.error !== undefined && isUnavailable(done.error)) away.abort();
    });
  }
  const tried = total.replayed + total.refused + total.failed;
  if (!json) {
    const failed = total.failed > 0 ? `, ${total.failed} failed` : '';
    terminal.err(`${total.replayed} ${dryRun ? 'would be replayed' : 'replayed'}, ${total.refused} refused${failed}\n`);
    if (total.letters > 0 && !dryRun) {
      terminal.err('The dead letters are still in their queues. To delete one: npm run dlq -- drop --id ID\n');
    }
  }
  if (tried < ids.length) terminal.err(`${ids.length - tried} were not tried; run it again.\n`);
  if (ids.length < found.length) terminal.err(`There are more than ${most} (--most); run it again for the rest.\n`);
  if (terminal.signal.aborted) return 130;
  return total.refused + total.failed > 0 || tried < ids.length ? 1 : 0;
}
