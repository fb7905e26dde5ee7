import { paint, table, type Terminal } from '../terminal.js';
import type { CountsStatus } from './parts.js';
import type { SystemStatus } from './status.js';

type Line = { texts: string[]; attention?: string; fix?: string };

/** Lines that need attention say so in words, not only by colour. */
function printTable(terminal: Terminal, titles: string[], lines: readonly Line[]): void {
  const rows = table([
    titles,
    ...lines.map(({ texts, attention, fix }) => [
      ...texts,
      ...(attention === undefined ? [] : [`NEEDS ATTENTION: ${attention} (${fix})`]),
    ]),
  ]);
  const [title = '', ...rest] = rows;
  terminal.out(paint(terminal, 'bold', title));
  for (const [index, line] of rest.entries()) {
    terminal.out(lines[index]?.attention === undefined ? line : paint(terminal, 'red', line));
  }
  terminal.out('\n');
}

const shown = (number: number | undefined): string => (number === undefined ? '-' : String(number));

function inWords({ byStatus = {} }: CountsStatus): string {
  const counts = Object.entries(byStatus).sort(([a], [b]) => (a < b ? -1 : 1));
  return counts.map(([name, count]) => `${count} ${name}`).join(', ') || '-';
}

function age(ms: number | undefined): string {
  return ms === undefined ? '-' : `${Math.round(ms / 1_000)} s`;
}

export function printStatus(
  { stage, at, ok, queues, items, outbox, bus, rules }: SystemStatus,
  terminal: Terminal,
): void {
  printTable(
    terminal,
    ['QUEUE', 'VISIBLE', 'IN FLIGHT', 'DELAYED'],
    queues.map(({ name, visible, inFlight, delayed, ...rest }) => ({
      ...rest,
      texts: [name, shown(visible), shown(inFlight), shown(delayed)],
    })),
  );
  if (items) {
    printTable(
      terminal,
      ['TABLE', 'ITEMS', 'BY STATUS'],
      items.map((counts) => ({ ...counts, texts: [counts.table, shown(counts.total), inWords(counts)] })),
    );
  } else {
    terminal.out('Orders and notifications were not counted (--no-count).\n\n');
  }
  printTable(
    terminal,
    ['OUTBOX', 'MARKERS', 'DUE', 'DUE FOR UP TO'],
    outbox.map(({ table: name, markers, due, oldestDueMs, ...rest }) => ({
      ...rest,
      texts: [name, shown(markers), shown(due), age(oldestDueMs)],
    })),
  );
  printTable(
    terminal,
    ['BUS AND RULES', 'STATE', 'TARGETS'],
    [
      { ...bus, texts: [bus.name, bus.found ? 'ACTIVE' : 'MISSING', '-'] },
      ...rules.map(({ name, state, targets, ...rest }) => ({
        ...rest,
        texts: [name, state, targets.join(', ') || '-'],
      })),
    ],
  );
  const needy = [...queues, ...(items ?? []), ...outbox, bus, ...rules].filter(
    ({ attention }) => attention !== undefined,
  );
  const verdict = ok
    ? 'Nothing needs attention.'
    : `${needy.length} of these lines ${needy.length === 1 ? 'needs' : 'need'} attention.`;
  terminal.out(`${paint(terminal, ok ? 'green' : 'red', verdict)} Stage ${stage}, ${at}.\n`);
}
