import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { row, type Terminal } from '../terminal.js';

const WIDTHS = [12, 36, 36];

type Outcome = {
  letter: DeadLetter;
  result: string;
  /** For people. */
  why: string;
  about: object;
};

/** Prints what became of one dead letter: a line, or a JSON document. */
export function printResult(terminal: Terminal, json: boolean | undefined, { letter, result, why, about }: Outcome) {
  const { queue, messageId, originalMessageId, event } = letter;
  const { orderId } = event;
  const document = { result, queue, messageId, originalMessageId, orderId, ...about };
  if (json) terminal.out(`${JSON.stringify(document)}\n`);
  else terminal.out(row([result, originalMessageId, orderId ?? '-', why], WIDTHS));
}
