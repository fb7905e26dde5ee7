import type { DeadLetter } from '@orderflow/contracts';
import type { ConnectedSystem } from '../connect.js';
import { OperatorError } from '../operator-error.js';
import { row, type Terminal } from '../terminal.js';
import { deleteLetters } from './replay.js';
import { select, type SelectOptions } from './select.js';
import { walkLetters } from './walk-letters.js';

export type DropOptions = SelectOptions & { all?: boolean; dryRun?: boolean; yes?: boolean; json?: boolean };

const WIDTHS = [12, 36, 36];
const NOTHING_GONE: ReadonlySet<string> = new Set();

function print(letter: DeadLetter, result: string, json: boolean | undefined, terminal: Terminal): void {
  const { queue, messageId, originalMessageId, code, event } = letter;
  const { orderId } = event;
  if (json) terminal.out(`${JSON.stringify({ result, queue, messageId, originalMessageId, orderId, code })}\n`);
  else terminal.out(row([result, originalMessageId, orderId ?? '-', code], WIDTHS));
}

/** Deletes dead letters for good, once somebody has said yes. 0; 1 when not all that were counted could be dropped. */
export async function drop(system: ConnectedSystem, terminal: Terminal, options: DropOptions): Promise<number> {
  const { dryRun, yes, json } = options;
  const selection = select(options, terminal.now());
  if (selection.everything && !options.all) {
    throw new OperatorError('Say which: a filter such as --reason CODE or --order ID, or --all for every dead letter.');
  }
  if (!dryRun && !yes && !terminal.interactive) {
    throw new OperatorError('Nobody is here to be asked: say --yes to drop without a question, or --dry-run to look.');
  }

  let counted: number | undefined;
  if (dryRun || !yes) {
    counted = 0;
    const { hiddenUntil } = await walkLetters(system, terminal, selection, (letters) => {
      counted = (counted ?? 0) + letters.length;
      if (dryRun) for (const letter of letters) print(letter, 'would-drop', json, terminal);
      return Promise.resolve(NOTHING_GONE);
    });
    if (dryRun || counted === 0) {
      if (!json) terminal.err(`${counted} would be dropped\n`);
      return 0;
    }
    const answer = await terminal.ask(`Drop ${counted} messages for good? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) {
      terminal.err('Nothing was dropped.\n');
      return 0;
    }
    // What was too much to give back shows by itself.
    if (hiddenUntil > terminal.now()) await terminal.pause(hiddenUntil - terminal.now());
  }

  let dropped = 0;
  await walkLetters(system, terminal, selection, async (letters, queueUrl) => {
    const gone = await deleteLetters(system.aws.sqs, queueUrl, letters);
    for (const letter of letters) if (gone.has(letter.receiptHandle)) print(letter, 'dropped', json, terminal);
    dropped += gone.size;
    return gone;
  });
  if (!json) terminal.err(`${dropped} dropped\n`);
  if (counted === undefined || dropped >= counted) return 0;
  terminal.err(`${counted - dropped} were not there any more, or are hidden: somebody else works on them.\n`);
  return 1;
}
