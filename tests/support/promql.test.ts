import { describe, expect, it } from '@jest/globals';
import { missingFor, selectorsOf } from './promql.js';

describe('selectorsOf', () => {
  it.each<[string, ReturnType<typeof selectorsOf>]>([
    ['up', [{ metric: 'up', matchers: [], groupedBy: [] }]],
    [
      'rate(a_total{x="1", y!~"b|\\"c"}[5m]) > 0.05',
      [
        {
          metric: 'a_total',
          matchers: [
            { label: 'x', operator: '=', value: '1' },
            { label: 'y', operator: '!~', value: 'b|\\"c' },
          ],
          groupedBy: [],
        },
      ],
    ],
    [
      'histogram_quantile(0.9, sum by (le, q) (rate(a_bucket[1m]))) / b or time() - max by (t) (c) > 1',
      [
        { metric: 'a_bucket', matchers: [], groupedBy: ['le', 'q'] },
        { metric: 'b', matchers: [], groupedBy: [] },
        { metric: 'c', matchers: [], groupedBy: ['t'] },
      ],
    ],
    ['max by (q) (sum by (i, q) (d))', [{ metric: 'd', matchers: [], groupedBy: ['q', 'i'] }]],
  ])('of %s', (expression, selectors) => {
    expect(selectorsOf(expression)).toEqual(selectors);
  });

  it.each(['sum(a) by (b)', 'a / on (b) c', 'sum(a', 'a)', 'a{b="c"', 'a{b}', "a{b='c'}"])(
    'refuses %s, which it does not understand',
    (expression) => {
      expect(() => selectorsOf(expression)).toThrow();
    },
  );
});

describe('missingFor', () => {
  const samples = [
    { name: 'a_total', labels: { outcome: 'retry', queue: 'q-dlq' } },
    { name: 'a_total', labels: { outcome: 'ok', queue: 'q' } },
  ];

  it.each([
    'rate(a_total[1m])',
    'sum by (queue) (a_total{outcome="retry"})',
    'a_total{queue=~".+-dlq|x"}',
    'a_total{outcome!="none"}',
  ])('is nothing for %s', (expression) => {
    expect(missingFor(expression, samples)).toEqual([]);
  });

  it.each([
    ['a misspelt metric', 'rate(b_total[1m])', 'b_total'],
    ['a misspelt metric among others', 'a_total / b_total', 'b_total'],
    ['a label to group by', 'sum by (queues) (rate(a_total[1m]))', 'a_total{queues}'],
    ['a label to match', 'a_total{status!="5"}', 'a_total{status}'],
    ['a value', 'a_total{outcome="retr"}', 'a_total{outcome="retr"}'],
    ['a pattern, which matches whole values', 'a_total{queue=~"q-"}', 'a_total{queue=~"q-"}'],
  ])('is %s', (_, expression, missing) => {
    expect(missingFor(expression, samples)).toEqual([missing]);
  });
});
