import { type ForeignAttribute } from '@orderflow/contracts';
import { toForeignAttributes, type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import type { ConnectedSystem } from '../connect.js';
import { Fingerprints } from '../fingerprints.js';
import { row, type Terminal } from '../terminal.js';
import { select, type SelectOptions } from './select.js';
import { walkLetters } from './walk-letters.js';

/** Up to this many are sorted and grouped by copies. Beyond that, they are printed as they arrive. */
const MAX_SORTED = 2_000;

const TITLES = ['QUEUE', 'REASON', 'ORDER', 'FIRST RECEIVED', 'REPLAYS', 'COPIES', 'ID'];
const WIDTHS = [13, 22, 36, 24, 7, 6, 36];

/** A letter without body, with shortened attributes, because thousands are kept in memory. */
type Entry = Omit<DeadLetter, 'body' | 'foreign' | 'receiptHandle'> & { attributes: ForeignAttribute[] };

function toEntry({ receiptHandle: _handle, body: _body, foreign, ...letter }: DeadLetter): Entry {
  return { ...letter, attributes: toForeignAttributes(foreign) };
}

function toRow(letter: Entry, copies: number): string {
  const { queue, code, event, firstReceivedAt, replayCount, originalMessageId, attributes } = letter;
  const texts = [queue, code, event.orderId ?? '-', firstReceivedAt, String(replayCount), String(copies)];
  const others = attributes.length === 0 ? [] : [`with ${attributes.map(({ name }) => name).join(', ')}`];
  return row([...texts, originalMessageId, ...others], WIDTHS);
}

/** Lists dead letters, grouping copies. Always returns 0. */
export async function list(
  system: ConnectedSystem,
  terminal: Terminal,
  options: SelectOptions & { json?: boolean },
): Promise<number> {
  const selection = select(options, terminal.now());
  const sorted = new Map<string, { letter: Entry; copies: number }>();
  const shown = new Fingerprints();
  let streaming = false;
  let distinct = 0;
  let copiesLeftOut = 0;
  const print = (letter: Entry, copies: number): void => {
    terminal.out(options.json ? `${JSON.stringify({ ...letter, copies })}\n` : toRow(letter, copies));
  };
  if (!options.json) terminal.out(row(TITLES, WIDTHS));

  function flush(): void {
    const entries = [...sorted.values()];
    entries.sort(({ letter: left }, { letter: right }) => (left.firstReceivedAt < right.firstReceivedAt ? -1 : 1));
    for (const { letter, copies } of entries) print(letter, copies);
    sorted.clear();
  }

  function take(letter: DeadLetter): void {
    const id = `${letter.queue} ${letter.originalMessageId}`;
    const known = sorted.get(id);
    if (known) {
      known.copies += 1;
    } else if (!shown.add(id)) {
      copiesLeftOut += 1;
    } else {
      distinct += 1;
      if (streaming) print(toEntry(letter), 1);
      else sorted.set(id, { letter: toEntry(letter), copies: 1 });
      if (sorted.size > MAX_SORTED) {
        streaming = true;
        flush();
      }
    }
  }

  await walkLetters(system, terminal, selection, (letters) => {
    letters.forEach(take);
    return {};
  });
  flush();
  const more = copiesLeftOut === 0 ? '' : `; ${copiesLeftOut} further copies of them are not shown`;
  if (!options.json) terminal.err(`${distinct} dead letters${more}\n`);
  return 0;
}
