import type { Command } from 'commander';
import { withTarget, type Run } from '../command-options.js';
import type { TargetOptions } from '../connect.js';
import { addReplayCommand, idOf } from '../restart/command.js';
import { order } from './order.js';

/** `order <id>`, `order replay <id>` and `notification replay <id>`. */
export function addOrderCommands(program: Command, run: Run): void {
  const orderCommand = program.command('order');
  withTarget(
    orderCommand
      .description('shows one order and its timeline, notifications included')
      .argument('<id>', "the order's id", idOf)
      .option('--json', 'one JSON document')
      .addHelpText(
        'after',
        `
1 means that there is no such order, 2 that this is no order's id.

Examples:
  npm run ops -- order 0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11`,
      ),
  ).action((id: string, options: TargetOptions & { json?: boolean }) =>
    run(options, (system, terminal) => order(system, terminal, id, options), { leavesNothing: true }),
  );
  addReplayCommand(orderCommand, 'order', run);
  const notification = program.command('notification').description('starts notifications again: notification replay');
  addReplayCommand(notification, 'notification', run);
}
