import { INVARIANTS, isAsExpected, type Check, type InvariantId, type Trial } from './trial.js';

/** One run of a trial. */
export type TrialRun = { trial: Trial; seed: number; ablated: boolean; checks: Check[]; tookMs: number; error?: Error };

export const isGood = ({ trial, ablated, checks, error }: TrialRun): boolean =>
  error === undefined && isAsExpected(trial, ablated, checks);

const IDS = Object.keys(INVARIANTS) as InvariantId[];

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** The result of one check over all seeds. */
function sightings(runs: readonly TrialRun[], id: InvariantId): { must: string; saw: string; holds: boolean }[] {
  const checks = runs.flatMap((run) => run.checks.filter((check) => check.id === id));
  return unique(checks.map(({ must }) => must)).map((must) => {
    const same = checks.filter((check) => check.must === must);
    return { must, saw: unique(same.map(({ saw }) => saw)).join(', '), holds: same.every(({ holds }) => holds) };
  });
}

export type Row = { id: string; name: string; fault: string; must: string; saw: string; verdict: string };

/** A row per check, by invariant and trial, and one per ablation. */
export function rowsOf(runs: readonly TrialRun[]): Row[] {
  const trials = unique(runs.map(({ trial }) => trial));
  const held = IDS.flatMap((id) =>
    trials.flatMap((trial) => {
      const mine = runs.filter((run) => run.trial === trial && !run.ablated);
      return sightings(mine, id).map(({ holds, ...seen }) => ({
        ...{ id, name: INVARIANTS[id], fault: trial.fault },
        ...seen,
        verdict: holds ? 'holds' : 'BROKEN',
      }));
    }),
  );
  const ablated = runs
    .filter((run) => run.ablated && run.error === undefined)
    .flatMap((run) => {
      const { ablation } = run.trial;
      if (!ablation) return [];
      const broken = run.checks.filter(({ id, holds }) => id === ablation.breaks && !holds);
      return {
        id: ablation.breaks,
        name: `ablation: ${ablation.name}`,
        fault: run.trial.fault,
        must: `breaks ${ablation.breaks} (seed ${run.seed})`,
        saw: broken.map(({ must, saw }) => `${must}; saw ${saw}`).join(' / ') || 'everything still holds',
        verdict: isGood(run) ? 'fails as expected' : 'NOT NOTICED',
      };
    });
  return [...held, ...ablated];
}

const DETAILS = ['#', 'invariant', 'fault', 'must hold', 'seen', 'verdict'];
const cellsOf = ({ id, name, fault, must, saw, verdict }: Row) => [id, name, fault, must, saw, verdict];

const SUMMARY = ['#', 'invariant', 'checks', 'in', 'its ablations', 'verdict'];

/** One row of cells per invariant, under `SUMMARY`. */
export function summaryOf(runs: readonly TrialRun[]): string[][] {
  return IDS.map((id) => {
    const looked = runs.filter(({ ablated, checks }) => !ablated && checks.some((check) => check.id === id));
    const checks = looked.flatMap((run) => run.checks.filter((check) => check.id === id));
    const ablations = runs.filter(({ trial, ablated }) => ablated && trial.ablation?.breaks === id);
    const held = checks.filter(({ holds }) => holds).length;
    let verdict = held === checks.length ? 'holds' : 'BROKEN';
    if (checks.length === 0) verdict = 'not checked';
    return [
      id,
      INVARIANTS[id],
      `${held} of ${checks.length}`,
      unique(looked.map(({ trial }) => trial.name)).join(', '),
      ablations.map((run) => `${run.trial.ablation?.name ?? ''}: ${isGood(run) ? 'fails' : 'NOT NOTICED'}`).join(', '),
      verdict,
    ];
  });
}

/** Results by invariant, and a summary line for each, for a terminal. */
export function asText(runs: readonly TrialRun[]): string {
  const lines: string[] = [];
  let last = '';
  for (const { id, name, fault, must, saw, verdict } of rowsOf(runs)) {
    const heading = `${id.padEnd(4)}${name}`;
    if (heading + fault !== last) lines.push('', heading, `    ${fault}`);
    last = heading + fault;
    lines.push(`    ${verdict.padEnd(18)} ${must} → ${saw}`);
  }
  lines.push('');
  for (const [id = '', name = '', checks = '', trials = '', ablations = '', verdict = ''] of summaryOf(runs)) {
    const without = ablations ? `; without ${ablations}` : '';
    lines.push(`${id.padEnd(4)}${name.padEnd(27)}${verdict.padEnd(15)}${checks.padEnd(12)}${trials}${without}`);
  }
  return lines.join('\n');
}

const table = (header: string[], rows: string[][]): string =>
  [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** The same as Markdown tables, for docs/reliability.md. */
export function asMarkdown(runs: readonly TrialRun[]): string {
  return `${table(DETAILS, rowsOf(runs).map(cellsOf))}\n\n${table(SUMMARY, summaryOf(runs))}`;
}
