import { Command } from 'commander';
import { auditCommand } from './audit/audit-command.js';
import { AUDIT_DEFAULTS } from './audit/audit.js';
import { wholeNumber, withTarget, type Run, type RunOnApi } from './command-options.js';
import type { TargetOptions } from './connect.js';
import { addDeadLetterCommands } from './dead-letters/commands.js';
import { addOrderCommands } from './order/command.js';
import { addSendCommand } from './send/command.js';
import { addStatusCommand } from './status/command.js';
import { addTailCommand } from './tail/command.js';

const EXIT_CODES = `
Exit codes: 0 fine; 1 something does not add up, needs attention, was refused or unanswered, has not completed, or is not
there; 2 wrong usage, or no system can be reached; 130 interrupted (Ctrl-C).`;

type Runners = {
  run: Run;
  runOnApi: RunOnApi;
  /** Runs the doctor, a separate program because it works before anything is installed. */
  doctor: (args: readonly string[]) => Promise<void>;
};

function addAuditCommand(program: Command, run: Run): void {
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
COMPLETED means fulfilled. An order that is FAILED after attempts must have been cancelled at the warehouse first; one
without a confirmed cancel is a finding, not-cancelled: ask the warehouse whether it has shipped. Orders that were
FAILED by a version that did not cancel yet are found, too.

overdue: a marker has been due for long, and neither a lease nor a message explains it; a rule may be off (npm run ops --
status). marker-ahead: a clock was ahead when the item was written; the sweeper makes it due. unreadable: the row lacks
required attributes; repair it. confirmation-missing: the consumer that it names never learns of the outcome; publish the event
again for it. An UNDELIVERED order was never tried: npm run ops -- order replay <id> starts it again.

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
}

/** The operator command with all subcommands. */
export function createProgram({ run, runOnApi, doctor }: Runners): Command {
  const program = new Command('orderctl')
    .description("The operator's command of Orderflow: npm run ops -- <command>.")
    .exitOverride()
    .addHelpText('afterAll', EXIT_CODES);
  addStatusCommand(program, run);
  addOrderCommands(program, run);
  addTailCommand(program, run);
  addSendCommand(program, runOnApi);
  addAuditCommand(program, run);
  addDeadLetterCommands(program, run);
  program
    .command('doctor')
    .description('checks this machine and the running system, with the exact fix for each fault')
    .argument('[options...]', 'as of npm run doctor')
    .allowUnknownOption()
    .helpOption(false)
    .action((args: string[]) => doctor(args));
  return program;
}
