import type { DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import type { ConnectedSystem } from '../connect.js';
import { OperatorError } from '../operator-error.js';
import type { Terminal } from '../terminal.js';
import { deleteLetters } from './delete-letters.js';
import { printResult, withAttributes } from './print-result.js';
import { selectToChange, type ChangeOptions } from './select.js';
import { walkLetters } from './walk-letters.js';

type DropOptions = ChangeOptions & { yes?: boolean };

type Result = 'would-drop' | 'dropped' | 'failed';

/** Deletes dead letters after confirmation. Returns 0, or 1 if some could not be deleted. */
export async function drop(system: ConnectedSystem, terminal: Terminal, options: DropOptions): Promise<number> {
  const { dryRun, yes, json } = options;
  const selection = selectToChange(options, terminal.now());
  if (!dryRun && !yes && !terminal.interactive) {
    throw new OperatorError('There is no terminal to ask: use --yes to drop without a question, or --dry-run to look.');
  }
  const print = (letter: DeadLetter, result: Result, reason?: string): void => {
    const { code, foreign } = letter;
    const attributes = Object.keys(foreign);
    const why = reason ?? [code, ...withAttributes(attributes)].join(', ');
    printResult(terminal, json, { letter, result, why, about: { code, attributes, reason } });
  };

  let counted: number | undefined;
  if (dryRun || !yes) {
    let count = 0;
    await walkLetters(system, terminal, selection, (letters) => {
      count += letters.length;
      if (dryRun) for (const letter of letters) print(letter, 'would-drop');
      return {};
    });
    if (dryRun || count === 0) {
      if (!json) terminal.err(`${count} would be dropped\n`);
      return 0;
    }
    const answer = await terminal.ask(`Drop ${count} messages for good? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) {
      terminal.err('Nothing was dropped.\n');
      return 0;
    }
    counted = count;
  }

  let dropped = 0;
  let failed = 0;
  const visit = async (letters: DeadLetter[], queueUrl: string) => {
    const { gone, left, error } = await deleteLetters(system.aws.sqs, queueUrl, letters);
    for (const letter of letters) {
      const { receiptHandle } = letter;
      print(letter, gone.has(receiptHandle) ? 'dropped' : 'failed', left.get(receiptHandle));
    }
    dropped += gone.size;
    failed += left.size;
    return { gone, errors: [error] };
  };
  await walkLetters(system, terminal, selection, visit, () => {
    const more = failed === 0 ? '' : `, ${failed} failed: they are left where they are`;
    if (!json) terminal.err(`${dropped} dropped${more}\n`);
  });
  const missed = Math.max(0, (counted ?? 0) - dropped - failed);
  if (missed > 0) terminal.err(`${missed} have gone meanwhile, or are hidden because another process works on them.\n`);
  return missed + failed > 0 ? 1 : 0;
}
