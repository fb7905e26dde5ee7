import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { eventsOf, type Refusal } from '@orderflow/domain/dead-letters/replay-rules';
import { whyMalformed } from '@orderflow/platform/events/decode';
import type { ConnectedSystem } from '../connect.js';
import { parseJson } from '../parse-json.js';
import { printable, printFacts, type Terminal } from '../terminal.js';
import { inWords } from './print-result.js';
import { select } from './select.js';
import { walkLetters } from './walk-letters.js';

const LABEL_WIDTH = 20;

/** Indents JSON. Other text stays as it is, without control characters. */
function pretty(body: string): string {
  const content = parseJson(body);
  return content === undefined ? body.split('\n').map(printable).join('\n') : JSON.stringify(content, null, 2);
}

function print(letter: DeadLetter, refusal: Refusal | undefined, terminal: Terminal): void {
  const facts = {
    message: letter.messageId,
    'original message': letter.originalMessageId,
    'dead-letter queue': letter.queue,
    'own queue': letter.ownQueue ?? 'unknown: the target is not part of this stage',
    reason: `${letter.code}: ${letter.reason}`,
    path: letter.path,
    attempts: letter.attempts,
    'first received': letter.firstReceivedAt,
    replayed: `${letter.replayCount} times`,
    event: letter.event.type ?? '-',
    order: letter.event.orderId ?? '-',
    body: letter.ownQueue && (refusal ? inWords(refusal) : 'valid'),
  };
  printFacts(facts, LABEL_WIDTH, terminal);
  const others = Object.entries(letter.foreign).map(([name, { type, value }]) => [name, `${type}  ${value}`] as const);
  const attributes = [...Object.entries(letter.said), ...others].map(([name, text]) => [`  ${name}`, text] as const);
  terminal.out(`\nother attributes${attributes.length === 0 ? ': none' : ''}\n`);
  printFacts(Object.fromEntries(attributes), LABEL_WIDTH, terminal);
  terminal.out(`\nbody\n${pretty(letter.body)}\n`);
}

/** Shows one dead letter. Returns 0, or 1 if it does not exist. */
export async function show(
  system: ConnectedSystem,
  terminal: Terminal,
  id: string,
  options: { json?: boolean },
): Promise<number> {
  let found: DeadLetter | undefined;
  await walkLetters(system, terminal, select({ id }, terminal.now()), ([letter]) => {
    found ??= letter;
    return { stop: true };
  });
  if (!found) {
    terminal.err(`No dead letter has the id ${printable(id)}. To see all: npm run dlq -- list\n`);
    return 1;
  }
  const { receiptHandle: _handle, ...letter } = found;
  const refusal = letter.ownQueue && whyMalformed(letter.body, eventsOf(letter.ownQueue));
  if (options.json)
    terminal.out(`${JSON.stringify({ ...letter, validation: refusal ?? { code: 'VALID' } }, null, 2)}\n`);
  else print(found, refusal, terminal);
  return 0;
}
