import type { Command } from 'commander';
import { OVERDUE_AFTER_MS } from '@orderflow/platform/health/checks';
import { countingNumber, wholeNumber, withTarget, type Run } from '../command-options.js';
import type { TargetOptions } from '../connect.js';
import { status, type StatusOptions } from './status.js';

/** `status`. */
export function addStatusCommand(program: Command, run: Run): void {
  withTarget(
    program
      .command('status')
      .description('shows queues, orders by status, outbox and rules, and which of them need attention')
      .option('--no-count', 'do not count orders and notifications, which scans their tables')
      .option('--watch <seconds>', 'repeat until Ctrl-C', countingNumber)
      .option('--tolerance <seconds>', 'how long a marker may be due', wholeNumber, OVERDUE_AFTER_MS / 1_000)
      .option('--json', 'one JSON document; with --watch one per line')
      .addHelpText(
        'after',
        `
Exits with 1 when something needs attention: dead letters, an overdue marker, a rule that is disabled, missing or without
its target, or a missing table, queue or bus. With --watch, the command reports an outage of AWS and waits for its end.

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
