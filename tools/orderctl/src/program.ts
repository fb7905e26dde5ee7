import { Command } from 'commander';
import { OVERDUE_AFTER_MS } from '@orderflow/platform/health/checks';
import { auditCommand } from './audit/audit-command.js';
import {
  collect,
  countingNumber,
  customerIdOf,
  examples,
  idOf,
  wholeNumber,
  withTarget,
  type Run,
  type RunOnApi,
} from './command-options.js';
import { addDeadLetterCommands } from './dead-letters/commands.js';
import { eraseCustomer } from './erase/erase.js';
import { order } from './order/order.js';
import { restartAll, type RestartOptions } from './restart/restart-all.js';
import type { Kind } from './restart/restart.js';
import { addSendCommand } from './send/command.js';
import { status } from './status/status.js';
import { tail } from './tail.js';

const EXIT_CODES = `
Exit codes: 0 fine; 1 something does not add up, needs attention, was refused or unanswered, did not complete, or does not
exist; 2 wrong usage, or no system can be reached; 130 interrupted (Ctrl-C).`;

const AN_ID = '0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11';
const OVERDUE_AFTER_SECONDS = OVERDUE_AFTER_MS / 1_000;

function addStatusCommand(program: Command, run: Run): void {
  withTarget(program.command('status'))
    .description('shows queues, orders by status, outbox and rules, and which of them need attention')
    .option('--no-count', 'do not count orders and notifications, which scans their tables')
    .option('--watch <seconds>', 'repeat until Ctrl-C', countingNumber)
    .option('--tolerance <seconds>', 'how long a marker may be overdue', wholeNumber, OVERDUE_AFTER_SECONDS)
    .addHelpText(
      'after',
      `
Exits with 1 when something needs attention: dead letters, an overdue marker, a rule that is disabled, missing or without
its target, or a missing table, queue or bus. With --watch, the command reports an outage of AWS and waits for its end.
${examples('ops', 'status', 'status --watch 5 --no-count', 'status --json --aws --stage production')}`,
    )
    .action(run(status, ({ watch }) => ({ patient: watch !== undefined, leavesNothing: watch === undefined })));
}

/** `replay <id>...`, below `order` and `notification`. */
function addReplayCommand(parent: Command, kind: Kind, run: Run): void {
  withTarget(parent.command('replay'))
    .description(`starts ${kind}s again that are FAILED and retriable, with or without a dead letter`)
    .argument('[id...]', `ids of ${kind}s`, (id: string, before?: string[]) => collect(idOf(id), before))
    .option('--code <code>', 'all that failed with this code, for example UNDELIVERED; may be repeated', collect)
    .option('--most <count>', 'start at most this many', countingNumber, 1_000)
    .option('--rate <per second>', 'how many to start per second', countingNumber, 20)
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText(
      'after',
      `
If the ${kind} has a dead letter, the letter stays in its queue and no longer starts anything.
${examples('ops', `${kind} replay ${AN_ID}`, `${kind} replay --code UNDELIVERED --dry-run`)}`,
    )
    .action(
      run((system, terminal, ids: string[] | undefined, options: RestartOptions) =>
        restartAll(system, terminal, kind, ids ?? [], options),
      ),
    );
}

function addOrderCommands(program: Command, run: Run): void {
  const orderCommand = withTarget(program.command('order'))
    .description('shows one order and its timeline, including its notifications')
    .argument('<id>', "the order's id", idOf)
    .addHelpText(
      'after',
      `
Exits with 1 if the order does not exist, and with 2 if this is not an order id.
${examples('ops', `order ${AN_ID}`)}`,
    )
    .action(run(order, () => ({ leavesNothing: true })));
  addReplayCommand(orderCommand, 'order', run);
  const notification = program.command('notification').description('starts notifications again: notification replay');
  addReplayCommand(notification, 'notification', run);
}

function addTailCommand(program: Command, run: Run): void {
  withTarget(program.command('tail'))
    .description('shows orders as they change, the newest last, until Ctrl-C')
    .option('--last <n>', 'start with this many of the newest orders', wholeNumber, 10)
    .option('--for <seconds>', 'end after this time, even if AWS cannot be reached', countingNumber)
    .option('--count <n>', 'end after this many lines', countingNumber)
    .addHelpText(
      'after',
      `
It looks twice a second. An order that changes twice in between has one line, and its version shows that. The command keeps
watching failed orders, so it shows a replay of their dead letters. It reports an outage of AWS and its end; you do not have
to restart it. --for exits with 2 if AWS cannot be reached when the time is over.
${examples('ops', 'tail', 'tail --last 0 --for 60 --json')}`,
    )
    .action(run(tail, () => ({ patient: true })));
}

function addAuditCommand(program: Command, run: Run): void {
  withTarget(program.command('audit'))
    .description('reconciles orders, notifications, markers and queues; receives nothing from live queues')
    .option(
      '--tolerance <seconds>',
      'how long a marker may be due without a reason',
      wholeNumber,
      OVERDUE_AFTER_SECONDS,
    )
    .addHelpText(
      'after',
      `
COMPLETED means fulfilled. An order that FAILED after attempts must have been cancelled at the warehouse first.

Findings, among others:
  not-cancelled         FAILED after attempts without a confirmed cancel. Ask the warehouse whether it has shipped.
  overdue               A marker has been due for long, and neither a lease nor a message explains it. A rule may be
                        disabled: npm run ops -- status
  marker-ahead          A clock was ahead when the item was written. The sweeper makes the marker due.
  unreadable            The row lacks required attributes. Repair it.
  confirmation-missing  The named consumer will never learn of the outcome. Publish the event to it again.

An UNDELIVERED order was never tried: npm run ops -- order replay <id> starts it again.
${examples('audit', '', '--tolerance 60 --json', '--endpoint http://127.0.0.1:4566 --stage local')}`,
    )
    .action(run(auditCommand));
}

function addEraseCommand(program: Command, run: Run): void {
  withTarget(program.command('erase'))
    .description("erases a customer's personal data from finished orders and their notifications; asks first")
    .argument('<customerId>', 'the exact customer id', customerIdOf)
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText(
      'after',
      `
Deletes the notifications. Orders keep their ids, product ids, quantities, prices, states and times; the customer id and
all free text are removed. Orders in progress, or with a dead letter, are left, and listed with what to do. Do that, and
run the command again. It exits with 0 if no order has the customer id. Running it twice does no harm.
${examples('ops', 'erase customer-42 --dry-run', 'erase customer-42', 'erase customer-42 --yes --json --aws --stage production')}`,
    )
    .action(run(eraseCustomer));
}

/** @param doctor a separate program, because it works before anything is installed */
export function createProgram(run: Run, runOnApi: RunOnApi, doctor: (args: string[]) => Promise<void>): Command {
  const program = new Command('orderctl')
    .description("Orderflow's command for operators: npm run ops -- <command>.")
    .exitOverride()
    .addHelpText('afterAll', EXIT_CODES);
  addStatusCommand(program, run);
  addOrderCommands(program, run);
  addTailCommand(program, run);
  addSendCommand(program, runOnApi);
  addAuditCommand(program, run);
  addEraseCommand(program, run);
  addDeadLetterCommands(program, run);
  program
    .command('doctor')
    .description('checks this machine and the running system, with the exact fix for each problem')
    .argument('[options...]', 'options of npm run doctor')
    .allowUnknownOption()
    .helpOption(false)
    .action((args: string[]) => doctor(args));
  return program;
}
