import { paint, table, type Terminal } from '../terminal.js';
import type { CountsStatus } from './parts.js';
import type { SystemStatus } from './status.js';

type Part = { attention?: string; fix?: string };

/** Lines that need attention say so in words, not only by colour. */
function printTable<T extends Part>(
  terminal: Terminal,
  titles: string[],
  parts: readonly T[],
  textsOf: (part: T) => string[],
): void {
  const lines = parts.map((part) => {
    const { attention, fix = '' } = part;
    return [...textsOf(part), ...(attention === undefined ? [] : [`NEEDS ATTENTION: ${attention} (${fix})`])];
  });
  const [title = '', ...rest] = table([titles, ...lines]);
  terminal.out(paint(terminal, 'bold', title));
  for (const [index, line] of rest.entries()) {
    terminal.out(parts[index]?.attention === undefined ? line : paint(terminal, 'red', line));
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

export function printStatus(status: SystemStatus, terminal: Terminal): void {
  const { stage, at, ok, queues, items, outbox, bus, rules } = status;
  printTable(terminal, ['QUEUE', 'VISIBLE', 'IN FLIGHT', 'DELAYED'], queues, (queue) => [
    ...[queue.name, shown(queue.visible), shown(queue.inFlight), shown(queue.delayed)],
  ]);
  if (items) {
    printTable(terminal, ['TABLE', 'ITEMS', 'BY STATUS'], items, (counts) => [
      ...[counts.table, shown(counts.total), inWords(counts)],
    ]);
  } else {
    terminal.out('Orders and notifications were not counted (--no-count).\n\n');
  }
  printTable(terminal, ['OUTBOX', 'MARKERS', 'DUE', 'DUE FOR UP TO'], outbox, (one) => [
    ...[one.table, shown(one.markers), shown(one.due), age(one.oldestDueMs)],
  ]);
  const busState = { ...bus, state: bus.found ? 'ACTIVE' : 'MISSING', targets: [] };
  printTable(terminal, ['BUS AND RULES', 'STATE', 'TARGETS'], [busState, ...rules], ({ name, state, targets }) => [
    ...[name, state, targets.join(', ') || '-'],
  ]);
  const needy = [...queues, ...(items ?? []), ...outbox, bus, ...rules].filter(
    ({ attention }) => attention !== undefined,
  );
  const verdict = ok
    ? 'Nothing needs attention.'
    : `${needy.length} of these lines ${needy.length === 1 ? 'needs' : 'need'} attention.`;
  terminal.out(`${paint(terminal, ok ? 'green' : 'red', verdict)} Stage ${stage}, ${at}.\n`);
}
