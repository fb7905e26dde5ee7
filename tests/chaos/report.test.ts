import { describe, expect, it } from '@jest/globals';
import { asText, isGood, rowsOf, summaryOf, type TrialRun } from './report.js';
import { countIs, INVARIANTS, type Trial } from './trial.js';

const kills: Trial = {
  name: 'kills',
  fault: 'kills',
  ablation: { name: 'no-ack', breaks: 'I1' },
  run: () => Promise.resolve([]),
};

const run = (seed: number, ablated: boolean, lost: number, error?: Error): TrialRun => ({
  ...{ trial: kills, seed, ablated, tookMs: 1 },
  checks: error ? [] : [countIs('I1', 'lost', 0, lost), countIs('I3', 'unexpected', 0, 0)],
  error,
});

const summaryRow = (runs: TrialRun[], id: string) => summaryOf(runs).find(([first]) => first === id);

describe('a run', () => {
  it.each([
    ['everything holds', run(1, false, 0), true],
    ['something does not', run(1, false, 1), false],
    ['its ablation is noticed', run(1, true, 1), true],
    ['its ablation is not noticed', run(1, true, 0), false],
    ['it could not be made', run(1, false, 0, new Error('no')), false],
    ['it has looked at nothing', { ...run(1, false, 0), checks: [] }, false],
  ])('when %s', (_, made, good) => {
    expect(isGood(made)).toBe(good);
  });
});

describe('the summary', () => {
  it('has one row for each invariant', () => {
    expect(summaryOf([]).map(([id]) => id)).toEqual(Object.keys(INVARIANTS));
  });

  it('shows checks and trials over all seeds, and whether the ablation was noticed', () => {
    const runs = [run(1, false, 0), run(1, true, 3), run(2, false, 0)];
    expect(summaryRow(runs, 'I1')).toEqual([
      ...['I1', 'every accepted order ends', '2 of 2', 'kills', 'no-ack: fails', 'holds'],
    ]);
    expect(summaryRow(runs, 'I2')?.at(-1)).toBe('not checked');
  });

  it('reports an invariant that one seed breaks', () => {
    expect(summaryRow([run(1, false, 0), run(2, false, 1)], 'I1')?.slice(2)).toEqual([
      ...['1 of 2', 'kills', '', 'BROKEN'],
    ]);
  });

  it('reports an unnoticed ablation', () => {
    expect(summaryRow([run(1, false, 0), run(1, true, 0)], 'I1')?.at(4)).toBe('no-ack: NOT NOTICED');
  });
});

it('a row combines the values of all seeds', () => {
  expect(rowsOf([run(1, false, 0), run(2, false, 1)])[0]).toMatchObject({ saw: '0, 1', verdict: 'BROKEN' });
});

it('the report ends with the summary', () => {
  const lines = asText([run(1, false, 0)]).split('\n');
  const ids = Object.keys(INVARIANTS);
  expect(lines.slice(-ids.length).map((line) => line.split(' ')[0])).toEqual(ids);
});
