import { INVARIANTS, isAsExpected, type Check, type InvariantId, type Trial } from './trial.js';

/** One run of a trial. */
export type TrialRun = { trial: Trial; seed: number; ablated: boolean; checks: Check[]; tookMs: number; error?: Error };

export const isGood = ({ trial, ablated, checks, error }: TrialRun): boolean =>
  error === undefined && isAsExpected(trial, ablated, checks);

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** What was seen of one thing that must hold, over all seeds. */
function sightings(runs: readonly TrialRun[], id: InvariantId): { must: string; saw: string; holds: boolean }[] {
  const checks = runs.flatMap((run) => run.checks.filter((check) => check.id === id));
  return unique(checks.map(({ must }) => must)).map((must) => {
    const same = checks.filter((check) => check.must === must);
    return { must, saw: unique(same.map(({ saw }) => saw)).join(', '), holds: same.every(({ holds }) => holds) };
  });
}

export type Row = { id: string; name: string; fault: string; must: string; saw: string; verdict: string };

/** A row for each thing that must hold, by invariant and trial, and one for each ablation. */
export function rowsOf(runs: readonly TrialRun[]): Row[] {
  const trials = [...new Set(runs.map(({ trial }) => trial))];
  const held = (Object.keys(INVARIANTS) as InvariantId[]).flatMap((id) =>
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
        verdict: isGood(run) ? 'fails, as it must' : 'NOT NOTICED',
      };
    });
  return [...held, ...ablated];
}

/** As a table for a terminal, one invariant after another. */
export function asText(rows: readonly Row[]): string {
  const lines: string[] = [];
  let last = '';
  for (const { id, name, fault, must, saw, verdict } of rows) {
    const heading = `${id.padEnd(4)}${name}`;
    if (heading + fault !== last) lines.push('', heading, `    ${fault}`);
    last = heading + fault;
    lines.push(`    ${verdict.padEnd(18)} ${must} → ${saw}`);
  }
  return lines.join('\n');
}

/** As a Markdown table, for docs/reliability.md. */
export function asMarkdown(rows: readonly Row[]): string {
  const cells = rows.map(({ id, name, fault, must, saw, verdict }) => [id, name, fault, must, saw, verdict]);
  const header = ['#', 'invariant', 'fault', 'must hold', 'seen', 'verdict'];
  return [header, header.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
