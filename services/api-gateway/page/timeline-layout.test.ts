import { describe, expect, it } from '@jest/globals';
import type { TimelineStep } from '@orderflow/contracts';
import { MAX_ROWS, rowsOf, ticksOf } from './timeline-layout.js';

const START = Date.UTC(2027, 2, 14);

const step = (name: TimelineStep['step'], ms: number, change: Partial<TimelineStep> = {}): TimelineStep => ({
  step: name,
  subject: 'order',
  at: new Date(START + ms).toISOString(),
  sinceMs: 0,
  correlationId: 'c',
  ...change,
});
/** With the time since the previous step, as the API sends it. */
const timeline = (...steps: TimelineStep[]): TimelineStep[] =>
  steps.map((one, index) =>
    Object.assign(one, { sinceMs: Date.parse(one.at) - Date.parse((steps[index - 1] ?? one).at) }),
  );

const ofNotification = { subject: 'notification', notificationId: 'n' } as const;

describe('the rows of a timeline', () => {
  it('show what preceded each step', () => {
    const steps = [step('accepted', 0), step('sent', 10), step('received', 30), step('retried', 130)];
    const rows = rowsOf(timeline(...steps, step('received', 1_130), step('completed', 1_230)));
    expect(rows.map(({ phase, fromMs, toMs }) => [phase, fromMs, toMs])).toEqual([
      ['start', 0, 0],
      ['delivery', 0, 10],
      ['queue', 10, 30],
      ['work', 30, 130],
      ['backoff', 130, 1_130],
      ['work', 1_130, 1_230],
    ]);
  });

  it('show what a republication had waited for', () => {
    const phasesOf = (...names: TimelineStep['step'][]) =>
      rowsOf(names.map((name) => step(name, 0))).map(({ phase }) => phase);
    expect(phasesOf('accepted', 'republished', 'sent')).toEqual(['start', 'delivery', 'delivery']);
    expect(phasesOf('accepted', 'sent', 'republished', 'received')).toEqual(['start', 'delivery', 'queue', 'queue']);
    expect(phasesOf('received', 'republished')).toEqual(['start', 'work']);
    expect(phasesOf('retried', 'republished')).toEqual(['start', 'backoff']);
    expect(phasesOf('completed', 'republished')).toEqual(['start', 'delivery']);
  });

  it('show the wait before the last receive of an exhausted message as backoff', () => {
    const rows = rowsOf([
      step('accepted', 0),
      step('retried', 10),
      step('cancelled', 2_005),
      step('dead-lettered', 2_010),
      step('failed', 2_020),
    ]);
    expect(rows.map(({ phase }) => phase)).toEqual(['start', 'work', 'backoff', 'work', 'work']);
  });

  it('separate the steps of a notification from those of its order', () => {
    const rows = rowsOf(
      timeline(
        step('accepted', 0),
        step('accepted', 5, ofNotification),
        step('received', 20),
        step('notified', 50, ofNotification),
      ),
    );
    expect(rows.map(({ phase, fromMs, toMs }) => [phase, fromMs, toMs])).toEqual([
      ['start', 0, 0],
      ['notification', 0, 5],
      ['queue', 0, 20],
      ['notification', 5, 50],
    ]);
  });

  it('never run backwards, whatever the clocks say', () => {
    const rows = rowsOf([step('accepted', 0), step('received', -3_600_000), step('completed', 5, { sinceMs: 70 })]);
    expect(rows.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [0, 0],
      [0, 0],
      [0, 70],
    ]);
  });

  it('are bounded', () => {
    const steps = Array.from({ length: MAX_ROWS + 1 }, (_, index) => step('received', index));
    expect(rowsOf(steps)).toHaveLength(MAX_ROWS);
  });

  it('are empty without steps', () => {
    expect(rowsOf([])).toEqual([]);
  });
});

describe('the ticks of the time axis', () => {
  it.each([
    [1, 5, [0, 1]],
    [95, 5, [0, 20, 40, 60, 80]],
    [4_510, 6, [0, 1_000, 2_000, 3_000, 4_000]],
    [12_000, 3, [0, 5_000, 10_000]],
    [900_000, 4, [0, 500_000]],
  ])('are round up to %d ms', (endMs, wanted, ticks) => {
    expect(ticksOf(endMs, wanted)).toEqual(ticks);
  });
});
