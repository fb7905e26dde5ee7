import type { ConnectedSystem } from '../connect.js';
import { createProgress, printable, row, type Terminal } from '../terminal.js';
import { audit, type AuditReport } from './audit.js';
import type { AuditFinding } from './tally.js';

const FINDING_WIDTHS = [12, 36, 22];
const TOTAL_WIDTHS = [16, 9, 9, 12, 14, 6, 8];
const QUEUE_WIDTHS = [32, 9, 10, 8];

function printFinding({ item, id, kind, problem, lastSeen }: AuditFinding, terminal: Terminal): void {
  const { step, at, version, holder, worker, attempts, republished } = lastSeen;
  const by =
    holder === '' ? 'never claimed' : `claimed by message ${holder}${worker === undefined ? '' : ` on ${worker}`}`;
  const claims = `${by}, ${attempts} attempts, republished ${republished} times to an empty queue`;
  terminal.out(row([item, id, kind, problem], FINDING_WIDTHS));
  terminal.out(`${printable(`  last seen: ${step} at ${at}, version ${version}, ${claims}`)}\n`);
}

function printTotals(report: AuditReport, terminal: Terminal): void {
  const { orders, notifications, endings, outcomes, queues } = report;
  const { fulfilled, cancelled, refused, untried, notCancelled } = endings;
  terminal.out(row(['', 'total', 'terminal', 'in progress', 'dead-lettered', 'lost', 'markers'], TOTAL_WIDTHS));
  for (const [name, totals] of Object.entries({ orders, notifications })) {
    const { total, terminal: ended, inProgress, deadLettered, lost, markers } = totals;
    terminal.out(row([name, ...[total, ended, inProgress, deadLettered, lost, markers].map(String)], TOTAL_WIDTHS));
  }
  terminal.out(
    `fulfilment: ${fulfilled} COMPLETED = fulfilled; FAILED = ${cancelled} cancelled, ${refused} refused, ${untried} never tried, ${notCancelled} not cancelled\n`,
  );
  const { erased, expired } = outcomes;
  const gone = erased + expired > 0 ? `; ${erased} erased and ${expired} expiring, without notification` : '';
  terminal.out(
    outcomes.expected
      ? `outcomes: ${outcomes.notified} notified, ${outcomes.underWay} under way, ${outcomes.missing} missing${gone}\n\n`
      : 'outcomes: this stage delivers them to no consumer\n\n',
  );
  terminal.out(row(['queue', 'visible', 'in flight', 'delayed'], QUEUE_WIDTHS));
  for (const [name, { visible, inFlight, delayed }] of Object.entries(queues)) {
    terminal.out(row([name, String(visible), String(inFlight), String(delayed)], QUEUE_WIDTHS));
  }
}

/** Returns 0 when everything adds up, 1 when something does not. `tolerance` is in seconds. */
export async function auditCommand(
  system: ConnectedSystem,
  terminal: Terminal,
  { tolerance, json }: { tolerance: number; json?: boolean },
): Promise<number> {
  const progress = createProgress(terminal);
  const report = await audit(system, terminal, {
    toleranceMs: tolerance * 1_000,
    onFinding: (finding) => {
      progress.end();
      if (!json) printFinding(finding, terminal);
    },
    onProgress: ({ table, read, findings }) => {
      terminal.signal.throwIfAborted();
      progress.show(`${table}: ${read} read, ${findings} findings`);
    },
  });
  progress.end();
  const { findingCount, tookMs } = report;
  if (json) {
    terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    if (findingCount > 0) terminal.out('\n');
    printTotals(report, terminal);
    const verdict =
      findingCount === 0 ? 'Everything adds up.' : `${findingCount} finding${findingCount === 1 ? '' : 's'}.`;
    terminal.out(`\n${verdict} Stage ${report.stage}, ${(tookMs / 1_000).toFixed(1)} s.\n`);
  }
  return findingCount === 0 ? 0 : 1;
}
