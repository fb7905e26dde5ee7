import { InvalidArgumentError, type Command } from 'commander';
import { withTarget, type Run } from '../command-options.js';
import type { TargetOptions } from '../connect.js';
import { order } from './order.js';

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

function orderIdOf(text: string): string {
  const id = text.trim().toLowerCase();
  if (!ID.test(id)) throw new InvalidArgumentError('An order id looks like 0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11.');
  return id;
}

/** `order <id>`. */
export function addOrderCommand(program: Command, run: Run): void {
  withTarget(
    program
      .command('order')
      .description('shows one order and its timeline, notifications included')
      .argument('<id>', "the order's id", orderIdOf)
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
}
