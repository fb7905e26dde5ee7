import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { type Refusal } from '@orderflow/domain/dead-letters/replay-rules';
import { row, type Terminal } from '../terminal.js';

const WIDTHS = [12, 36, 36];

export type Result = {
  letter: DeadLetter;
  result: string;
  /** For people. */
  why: string;
  about: object;
};

/** Prints what became of one dead letter: a line, or a JSON document. */
export function printResult(terminal: Terminal, json: boolean | undefined, { letter, result, why, about }: Result) {
  const { queue, messageId, originalMessageId, event } = letter;
  const { orderId } = event;
  const document = { result, queue, messageId, originalMessageId, orderId, ...about };
  if (json) terminal.out(`${JSON.stringify(document)}\n`);
  else terminal.out(row([result, originalMessageId, orderId ?? '-', why], WIDTHS));
}

/** The attributes that others put on a message, for a list of remarks. */
export function withAttributes(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`with ${names.join(', ')}`];
}

export function inWords({ code, reason, path }: Refusal): string {
  return `${code}: ${reason}${path === undefined || reason.includes(path) ? '' : ` (at ${path})`}`;
}
