import type { Command } from 'commander';
import { countingNumber, wholeNumber, withTarget, type Run } from '../command-options.js';
import type { TargetOptions } from '../connect.js';
import { tail, type TailOptions } from './tail.js';

const LAST = 10;

/** `tail`. */
export function addTailCommand(program: Command, run: Run): void {
  withTarget(
    program
      .command('tail')
      .description('shows orders as they change, the newest last, until Ctrl-C')
      .option('--last <n>', 'begin with so many of the newest orders', wholeNumber, LAST)
      .option('--for <seconds>', 'end after so long, whether or not AWS can be reached', countingNumber)
      .option('--count <n>', 'end after so many lines', countingNumber)
      .option('--json', 'one JSON document per line')
      .addHelpText(
        'after',
        `
It looks twice a second: an order that goes through two states meanwhile has one line, and its version tells. An order
that failed for now is looked at again, so that a replay of its dead letter shows. When AWS goes away that is said, and
when it is back; nothing has to be started again. --for ends with 2 when AWS cannot be reached at that time.

Examples:
  npm run ops -- tail
  npm run ops -- tail --last 0 --for 60 --json`,
      ),
  ).action((options: TargetOptions & TailOptions & { for?: number }) =>
    run(options, (system, terminal, deadline) => tail(system, terminal, options, deadline), {
      patient: true,
      forMs: options.for === undefined ? undefined : options.for * 1_000,
    }),
  );
}
