import type { DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import type { ConnectedSystem } from '../connect.js';
import { OperatorError } from '../operator-error.js';
import { row, type Terminal } from '../terminal.js';
import { deleteLetters } from './delete-letters.js';
import { select, type SelectOptions } from './select.js';
import { walkLetters } from './walk-letters.js';

export type DropOptions = SelectOptions & { all?: boolean; dryRun?: boolean; yes?: boolean; json?: boolean };

const WIDTHS = [12, 36, 36];
const NOTHING_GONE: ReadonlySet<string> = new Set();

function print(
  letter: DeadLetter,
  result: 'would-drop' | 'dropped' | 'failed',
  { json }: DropOptions,
  terminal: Terminal,
  reason?: string,
): void {
  const { queue, messageId, originalMessageId, code, event, foreign } = letter;
  const { orderId } = event;
  const attributes = Object.keys(foreign);
  const why = reason === undefined ? {} : { reason };
  const about = { result, queue, messageId, originalMessageId, orderId, code, attributes, ...why };
  const tail = [code, ...(attributes.length === 0 ? [] : [`with ${attributes.join(', ')}`])].join(', ');
  if (json) terminal.out(`${JSON.stringify(about)}\n`);
  else terminal.out(row([result, originalMessageId, orderId ?? '-', reason ?? tail], WIDTHS));
}

/** Deletes dead letters after confirmation. Returns 0, or 1 if some could not be deleted. */
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
      if (dryRun) for (const letter of letters) print(letter, 'would-drop', options, terminal);
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
    // Messages beyond the limit reappear by themselves.
    const restMs = hiddenUntil - terminal.elapsedMs();
    if (restMs > 0) await terminal.pause(restMs);
  }

  let dropped = 0;
  let failed = 0;
  const away = new AbortController();
  const visit = async (letters: DeadLetter[], queueUrl: string) => {
    const { gone, left, error } = await deleteLetters(system.aws.sqs, queueUrl, letters);
    for (const letter of letters) {
      const isGone = gone.has(letter.receiptHandle);
      print(letter, isGone ? 'dropped' : 'failed', options, terminal, left.get(letter.receiptHandle));
    }
    dropped += gone.size;
    failed += left.size;
    if (error !== undefined && isUnavailable(error)) away.abort();
    return gone;
  };
  try {
    await walkLetters(system, terminal, selection, visit, away.signal);
  } finally {
    const more = failed === 0 ? '' : `, ${failed} failed: they are left where they are`;
    if (!json) terminal.err(`${dropped} dropped${more}\n`);
  }
  if (away.signal.aborted)
    terminal.err(`${system.where} cannot be reached; further dead letters were not looked at.\n`);
  const missed = counted === undefined ? 0 : Math.max(0, counted - dropped - failed);
  if (missed > 0) terminal.err(`${missed} were not there any more, or are hidden: somebody else works on them.\n`);
  return missed + failed > 0 ? 1 : 0;
}
