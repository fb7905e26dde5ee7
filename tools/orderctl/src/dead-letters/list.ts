import { toForeignAttributes, type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import type { ConnectedSystem } from '../connect.js';
import { row, type Terminal } from '../terminal.js';
import { withAttributes } from './print-result.js';
import { select, type SelectOptions } from './select.js';
import { walkLetters } from './walk-letters.js';

const TITLES = ['QUEUE', 'REASON', 'ORDER', 'FIRST RECEIVED', 'REPLAYS', 'COPIES', 'ID'];
const WIDTHS = [13, 22, 36, 24, 7, 6, 36];

type Entry = ReturnType<typeof toEntry>;

/** A letter without body, with shortened attributes, because thousands are kept in memory. */
function toEntry({ receiptHandle: _handle, body: _body, foreign, ...letter }: DeadLetter) {
  return { ...letter, attributes: toForeignAttributes(foreign), copies: 0 };
}

function toRow(letter: Entry): string {
  const { queue, code, event, firstReceivedAt, replayCount, originalMessageId, attributes, copies } = letter;
  const texts = [queue, code, event.orderId ?? '-', firstReceivedAt, String(replayCount), String(copies)];
  return row([...texts, originalMessageId, ...withAttributes(attributes.map(({ name }) => name))], WIDTHS);
}

/** Lists dead letters, the oldest first, grouping copies. Always returns 0. */
export async function list(
  system: ConnectedSystem,
  terminal: Terminal,
  options: SelectOptions & { json?: boolean },
): Promise<number> {
  const found = new Map<string, Entry>();
  await walkLetters(system, terminal, select(options, terminal.now()), (letters) => {
    for (const letter of letters) {
      const id = `${letter.queue} ${letter.originalMessageId}`;
      const entry = found.get(id) ?? toEntry(letter);
      entry.copies += 1;
      found.set(id, entry);
    }
    return {};
  });
  const entries = [...found.values()].sort((a, b) => (a.firstReceivedAt < b.firstReceivedAt ? -1 : 1));
  if (!options.json) terminal.out(row(TITLES, WIDTHS));
  for (const entry of entries) terminal.out(options.json ? `${JSON.stringify(entry)}\n` : toRow(entry));
  if (!options.json) terminal.err(`${entries.length} dead letter${entries.length === 1 ? '' : 's'}\n`);
  return 0;
}
