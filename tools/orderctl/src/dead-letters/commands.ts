import { DEAD_LETTER_QUEUES } from '@orderflow/contracts';
import { MAX_REPLAYS } from '@orderflow/domain/dead-letters/replay-rules';
import type { Command } from 'commander';
import type { TargetOptions } from '../connect.js';
import { collect, wholeNumber, withTarget, type Run } from '../command-options.js';
import { drop, type DropOptions } from './drop.js';
import { list } from './list.js';
import { replay, type ReplayOptions } from './replay.js';
import type { SelectOptions } from './select.js';
import { show } from './show.js';

const OR = new Intl.ListFormat('en-GB', { type: 'disjunction' });

function withFilters(command: Command): Command {
  return command
    .option('--queue <name>', `${OR.format(DEAD_LETTER_QUEUES)}; may be repeated`, collect)
    .option('--reason <code>', 'as INVALID_EVENT or RECEIVES_EXHAUSTED; may be repeated', collect)
    .option('--since <time>', 'first received then or later: ISO 8601, or 30m, 2h, 7d ago')
    .option('--until <time>', 'first received then or earlier')
    .option('--order <id>', 'of this order')
    .option('--id <message id>', 'of the dead letter, or of the message it was');
}

const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  npm run dlq -- ${line}`).join('\n')}`;

/** `dlq list | show | replay | drop`. */
export function addDeadLetterCommands(program: Command, run: Run): void {
  const dlq = program
    .command('dlq')
    .description('dead letters: looks at them, replays them, drops them')
    .addHelpText(
      'after',
      `
What is looked at is given back at once, when interrupted too; only its receive count in the dead-letter queue rises.`,
    );

  withTarget(withFilters(dlq.command('list').description('shows dead letters, copies of one message as one')))
    .option('--json', 'one JSON document per line')
    .addHelpText('after', examples('list', 'list --reason INVALID_EVENT --since 2h', 'list --queue undelivered --json'))
    .action((options: TargetOptions & SelectOptions & { json?: boolean }) =>
      run(options, (system, terminal) => list(system, terminal, options)),
    );

  withTarget(dlq.command('show <id>').description('shows attributes, body, and what is wrong with it'))
    .option('--json', 'one JSON document')
    .addHelpText('after', examples('show 5fea7756-0ea4-451a-a703-a558b933e274'))
    .action((id: string, options: TargetOptions & { json?: boolean }) =>
      run(options, (system, terminal) => show(system, terminal, id, options)),
    );

  withTarget(withFilters(dlq.command('replay').description('sends dead letters to the queues they came from')))
    .option('--all', 'every dead letter')
    .option('--max-replays <count>', 'refuse what was replayed so often', wholeNumber, MAX_REPLAYS)
    .option('--patch <file or json>', 'JSON patch (RFC 6902) for the bodies, validated before anything is sent')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'one JSON document per line')
    .addHelpText(
      'after',
      examples(
        'replay --reason RECEIVES_EXHAUSTED --dry-run',
        'replay --order 0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11',
        `replay --id 5fea7756-0ea4-451a-a703-a558b933e274 --patch '[{"op":"replace","path":"/detail/data/totalAmount","value":12.5}]'`,
      ),
    )
    .action((options: TargetOptions & ReplayOptions) =>
      run(options, (system, terminal) => replay(system, terminal, options)),
    );

  withTarget(withFilters(dlq.command('drop').description('deletes dead letters for good; asks first')))
    .option('--all', 'every dead letter')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'one JSON document per line')
    .addHelpText('after', examples('drop --reason NOT_JSON --dry-run', 'drop --until 7d --yes'))
    .action((options: TargetOptions & DropOptions) =>
      run(options, (system, terminal) => drop(system, terminal, options)),
    );
}
