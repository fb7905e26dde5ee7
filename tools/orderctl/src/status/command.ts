import type { Command } from 'commander';
import { countingNumber, wholeNumber, withTarget, type Run } from '../command-options.js';
import type { TargetOptions } from '../connect.js';
import { status, type StatusOptions } from './status.js';

/** A working sweeper handles a marker within seconds. */
const TOLERANCE_SECONDS = 60;

/** `status`. */
export function addStatusCommand(program: Command, run: Run): void {
  withTarget(
    program
      .command('status')
      .description('shows queues, orders by status, outbox and rules, and what of them needs attention')
      .option('--no-count', 'do not read the tables from end to end to count orders and notifications')
      .option('--watch <seconds>', 'look again and again until Ctrl-C', countingNumber)
      .option('--tolerance <seconds>', 'how long a marker may be due', wholeNumber, TOLERANCE_SECONDS)
      .option('--json', 'one JSON document; with --watch one per line')
      .addHelpText(
        'after',
        `
1 means that something needs attention: dead letters, a rule that is off, missing or without target, a marker that has
been due for too long, a table, queue or bus that is missing. With --watch an outage of AWS is said and waited for.

Examples:
  npm run ops -- status
  npm run ops -- status --watch 5 --no-count
  npm run ops -- status --json --aws --stage production`,
      ),
  ).action((options: TargetOptions & StatusOptions) =>
    run(options, (system, terminal) => status(system, terminal, options), {
      patient: options.watch !== undefined,
      leavesNothing: options.watch === undefined,
    }),
  );
}
