import { DEAD_LETTER_QUEUES } from '@orderflow/contracts';
import { MAX_REPLAYS } from '@orderflow/domain/dead-letters/replay-rules';
import type { Command } from 'commander';
import { collect, examples, wholeNumber, withTarget, type Run } from '../command-options.js';
import { drop } from './drop.js';
import { list } from './list.js';
import { replay } from './replay.js';
import { show } from './show.js';

const OR = new Intl.ListFormat('en-GB', { type: 'disjunction' });

function withFilters(command: Command): Command {
  return command
    .option('--queue <name>', `${OR.format(DEAD_LETTER_QUEUES)}; may be repeated`, collect)
    .option('--reason <code>', 'for example INVALID_EVENT or RECEIVES_EXHAUSTED; may be repeated', collect)
    .option('--since <time>', 'first received at this time or later: ISO 8601, or 30m, 2h, 7d ago')
    .option('--until <time>', 'first received at this time or earlier')
    .option('--order <id>', 'only those of this order')
    .option('--id <message id>', 'id of the dead letter, or of the original message');
}

export function addDeadLetterCommands(program: Command, run: Run): void {
  const dlq = program
    .command('dlq')
    .description('shows, replays and drops dead letters')
    .addHelpText(
      'after',
      `
The commands make the messages that they read visible again at once, even when interrupted. Only the receive count in the
dead-letter queue rises.`,
    );

  withTarget(withFilters(dlq.command('list').description('lists dead letters; copies of a message count as one')))
    .addHelpText(
      'after',
      examples('dlq', 'list', 'list --reason INVALID_EVENT --since 2h', 'list --queue undelivered --json'),
    )
    .action(run(list));

  withTarget(dlq.command('show <id>').description('shows the attributes, the body, and the problem of a dead letter'))
    .addHelpText('after', examples('dlq', 'show 5fea7756-0ea4-451a-a703-a558b933e274'))
    .action(run(show));

  withTarget(withFilters(dlq.command('replay').description('sends dead letters to the queues they came from')))
    .option('--all', 'select every dead letter')
    .option('--max-replays <count>', 'refuse messages that were replayed this often', wholeNumber, MAX_REPLAYS)
    .option('--patch <file or json>', 'JSON patch (RFC 6902) for the bodies; it cannot change what was ordered')
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText(
      'after',
      examples(
        'dlq',
        'replay --reason RECEIVES_EXHAUSTED --dry-run',
        'replay --order 0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11',
        `replay --id 5fea7756-0ea4-451a-a703-a558b933e274 --patch '[{"op":"replace","path":"/detail/metadata/version","value":1}]'`,
      ),
    )
    .action(run(replay));

  withTarget(withFilters(dlq.command('drop').description('deletes dead letters permanently; asks first')))
    .option('--all', 'select every dead letter')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText('after', examples('dlq', 'drop --reason NOT_JSON --dry-run', 'drop --until 7d --yes'))
    .action(run(drop));
}
