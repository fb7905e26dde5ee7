import { QUEUE_EVENTS } from '@orderflow/contracts';
import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { whyMalformed } from '@orderflow/platform/events/decode';
import type { ConnectedSystem } from '../connect.js';
import { printable, row, type Terminal } from '../terminal.js';
import { select } from './select.js';
import { walkLetters } from './walk-letters.js';

const LABEL_WIDTH = [20];

/** Indents JSON. Other text stays as it is, without control characters. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body.split('\n').map(printable).join('\n');
  }
}

function print(letter: DeadLetter, terminal: Terminal): void {
  const refusal = letter.ownQueue && whyMalformed(letter.body, QUEUE_EVENTS[letter.ownQueue]);
  const validation = refusal
    ? `${refusal.code}: ${refusal.reason}${refusal.path === undefined ? '' : ` (at ${refusal.path})`}`
    : 'valid';
  const facts: [string, string][] = [
    ['message', letter.messageId],
    ['original message', letter.originalMessageId],
    ['dead-letter queue', letter.queue],
    ['own queue', letter.ownQueue ?? 'unknown: the target is none of this stage'],
    ['reason', `${letter.code}: ${letter.reason}`],
    ...(letter.path === undefined ? [] : [['path', letter.path] as [string, string]]),
    ...(letter.attempts === undefined ? [] : [['attempts', String(letter.attempts)] as [string, string]]),
    ['first received', letter.firstReceivedAt],
    ['replayed', `${letter.replayCount} times`],
    ['event', letter.event.type ?? '-'],
    ['order', letter.event.orderId ?? '-'],
    ...(letter.ownQueue ? [['body', validation] as [string, string]] : []),
  ];
  for (const fact of facts) terminal.out(row(fact, LABEL_WIDTH));
  const said = Object.entries(letter.said).map(([name, text]) => [`  ${name}`, text ?? '']);
  const others = Object.entries(letter.foreign).map(([name, { type, value }]) => [`  ${name}`, `${type}  ${value}`]);
  terminal.out(`\nattributes of others${others.length + said.length === 0 ? ': none' : ''}\n`);
  for (const fact of [...said, ...others]) terminal.out(row(fact, LABEL_WIDTH));
  terminal.out(`\nbody\n${pretty(letter.body)}\n`);
}

/** Shows one dead letter. Returns 0, or 1 if it does not exist. */
export async function show(
  system: ConnectedSystem,
  terminal: Terminal,
  id: string,
  options: { json?: boolean },
): Promise<number> {
  const enough = new AbortController();
  let found: DeadLetter | undefined;
  const visit = ([letter]: DeadLetter[]) => {
    found ??= letter;
    enough.abort();
    return Promise.resolve(new Set<string>());
  };
  await walkLetters(system, terminal, select({ id }, terminal.now()), visit, enough.signal);
  if (!found) {
    terminal.err(`No dead letter has the id ${printable(id)}; dlq list shows those that there are.\n`);
    return 1;
  }
  if (options.json) {
    const { receiptHandle: _handle, ...letter } = found;
    const refusal = letter.ownQueue && whyMalformed(letter.body, QUEUE_EVENTS[letter.ownQueue]);
    terminal.out(`${JSON.stringify({ ...letter, validation: refusal ?? { code: 'VALID' } }, null, 2)}\n`);
  } else {
    print(found, terminal);
  }
  return 0;
}
