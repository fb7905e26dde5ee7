import { InvalidArgumentError, type Command } from 'commander';
import { collect, countingNumber, withTarget, type Run } from '../command-options.js';
import type { TargetOptions } from '../connect.js';
import { restartAll, type RestartOptions } from './restart-all.js';
import type { Subject } from './subjects.js';

const DEFAULTS = { most: 1_000, rate: 20 };
const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export function idOf(text: string): string {
  const id = text.trim().toLowerCase();
  if (!ID.test(id)) throw new InvalidArgumentError('An id looks like 0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11.');
  return id;
}

const collectIds = (text: string, before: string[] = []): string[] => [...before, idOf(text)];

/** `replay <id>...`, below `order` and `notification`. */
export function addReplayCommand(parent: Command, what: Subject['what'], run: Run): void {
  withTarget(
    parent
      .command('replay')
      .description(`starts ${what}s that are FAILED and retriable again, with a dead letter or without`)
      .argument('[id...]', `ids of ${what}s`, collectIds)
      .option('--code <code>', 'all that failed with it, such as UNDELIVERED; may be repeated', collect)
      .option('--most <count>', 'start so many of them at most', countingNumber, DEFAULTS.most)
      .option('--rate <per second>', 'how fast', countingNumber, DEFAULTS.rate)
      .option('--dry-run', 'say what would be done, and do nothing')
      .option('--json', 'one JSON document per line')
      .addHelpText(
        'after',
        `
A dead letter of it, where there is one, stays in its queue and starts nothing any more.

Examples:
  npm run ops -- ${what} replay 0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11
  npm run ops -- ${what} replay --code UNDELIVERED --dry-run`,
      ),
  ).action((ids: string[] | undefined, _options: object, command: Command) => {
    // The parent command consumes options with the same names.
    const options: TargetOptions & RestartOptions = command.optsWithGlobals();
    return run(options, (system, terminal) => restartAll(system, terminal, what, ids ?? [], options));
  });
}
