import { Command } from 'commander';
import { auditCommand } from './audit/audit-command.js';
import { AUDIT_DEFAULTS } from './audit/audit.js';
import { wholeNumber, withTarget, type Run } from './command-options.js';
import type { TargetOptions } from './connect.js';
import { addDeadLetterCommands } from './dead-letters/commands.js';

const EXIT_CODES = `
Exit codes: 0 fine; 1 something does not add up, or was refused; 2 wrong usage, or no system can be reached;
130 interrupted.`;

/** @param run finds the system, runs a command on it, and remembers its exit code */
export function createProgram(run: Run): Command {
  const program = new Command('orderctl')
    .description("The operator's tools of Orderflow.")
    .exitOverride()
    .addHelpText('afterAll', EXIT_CODES);
  withTarget(
    program
      .command('audit')
      .description('reconciles orders, notifications, markers and queues; receives nothing from live queues')
      .option(
        '--tolerance <seconds>',
        'how long a marker may be due unexplained',
        wholeNumber,
        AUDIT_DEFAULTS.toleranceMs / 1_000,
      )
      .option('--json', 'one JSON document')
      .addHelpText(
        'after',
        `
Examples:
  npm run audit
  npm run audit -- --tolerance 60 --json
  npm run audit -- --endpoint http://127.0.0.1:4566 --stage local`,
      ),
  ).action((options: TargetOptions & { tolerance: number; json?: boolean }) =>
    run(options, (system, terminal) =>
      auditCommand(system, terminal, { ...options, toleranceMs: options.tolerance * 1_000 }),
    ),
  );
  addDeadLetterCommands(program, run);
  return program;
}
