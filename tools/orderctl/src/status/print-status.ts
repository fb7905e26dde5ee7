import { paint, printTable, type Terminal } from '../terminal.js';
import type { CountsStatus, Noted } from './parts.js';
import type { SystemStatus } from './status.js';

/** Lines that need attention say so in words, not only by colour. */
function printParts<T extends object>(
  terminal: Terminal,
  titles: string[],
  parts: readonly Noted<T>[],
  textsOf: (part: Noted<T>) => string[],
): void {
  const rows = parts.map((part) => {
    const { attention, fix = '' } = part;
    return [...textsOf(part), ...(attention === undefined ? [] : [`NEEDS ATTENTION: ${attention} (${fix})`])];
  });
  printTable(terminal, titles, rows, (index) => parts[index]?.attention !== undefined);
  terminal.out('\n');
}

const shown = (value: number | undefined, unit = ''): string => (value === undefined ? '-' : `${value}${unit}`);

function inWords({ byStatus = {} }: CountsStatus): string {
  const counts = Object.entries(byStatus).sort(([a], [b]) => (a < b ? -1 : 1));
  return counts.map(([name, count]) => `${count} ${name}`).join(', ') || '-';
}

const inSeconds = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms / 1_000));

export function printStatus(status: SystemStatus, terminal: Terminal): void {
  const { stage, at, queues, items, outbox, bus, rules } = status;
  const all = [...queues, ...(items ?? []), ...outbox, bus, ...rules];
  const needy = all.filter(({ attention }) => attention !== undefined).length;
  printParts(terminal, ['QUEUE', 'VISIBLE', 'IN FLIGHT', 'DELAYED'], queues, (queue) => [
    ...[queue.name, shown(queue.visible), shown(queue.inFlight), shown(queue.delayed)],
  ]);
  if (items) {
    printParts(terminal, ['TABLE', 'ITEMS', 'BY STATUS'], items, (counts) => [
      ...[counts.table, shown(counts.total), inWords(counts)],
    ]);
  } else {
    terminal.out('Orders and notifications were not counted (--no-count).\n\n');
  }
  printParts(terminal, ['OUTBOX', 'MARKERS', 'DUE', 'DUE FOR UP TO'], outbox, (one) => [
    ...[one.table, shown(one.markers), shown(one.due), shown(inSeconds(one.oldestDueMs), ' s')],
  ]);
  const busState = { ...bus, state: bus.found ? 'ACTIVE' : 'MISSING', targets: [] };
  printParts(terminal, ['BUS AND RULES', 'STATE', 'TARGETS'], [busState, ...rules], ({ name, state, targets }) => [
    ...[name, state, targets.join(', ') || '-'],
  ]);
  const verdict =
    needy === 0 ? 'Nothing needs attention.' : `${needy} of these lines ${needy === 1 ? 'needs' : 'need'} attention.`;
  terminal.out(`${paint(terminal, needy === 0 ? 'green' : 'red', verdict)} Stage ${stage}, ${at}.\n`);
}
