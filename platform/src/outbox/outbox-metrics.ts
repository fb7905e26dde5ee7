import type { Metrics } from '../telemetry/metrics.js';

export type OutboxMetrics = {
  /** @param due the items whose markers are due */
  swept(table: string, due: readonly { updatedAt: string }[], at: number): void;
  republished(table: string): void;
  gaveUp(table: string): void;
};

/**
 * @param tables that are swept
 * @param startedAt epoch ms from which a sweep is waited for: a table that none ever reads would show no age otherwise
 */
export function createOutboxMetrics(metrics: Metrics, tables: readonly string[], startedAt: number): OutboxMetrics {
  const labelNames = ['table'] as const;
  const dueMarkers = metrics.gauge({
    name: 'outbox_due_markers',
    help: 'Due markers that the last sweep looked at; of each of the shards it looks at the 100 that are due longest.',
    labelNames,
  });
  const oldestAge = metrics.gauge({
    name: 'outbox_oldest_due_marker_age_seconds',
    help: 'Time for which, of the items with a due marker, the one that has waited longest had not changed at the last sweep.',
    labelNames,
  });
  const lastSweep = metrics.gauge({
    name: 'outbox_last_sweep_timestamp_seconds',
    help: 'When the markers could last be read; until then, when the process began.',
    labelNames,
  });
  const republished = metrics.counter({
    name: 'outbox_republished_total',
    help: 'Events that the sweeper has published again.',
    labelNames,
  });
  const givenUp = metrics.counter({
    name: 'outbox_given_up_total',
    help: 'Items that ended failed, as UNDELIVERED.',
    labelNames,
  });
  for (const table of tables) {
    // A rate needs the zero before the first one.
    for (const counter of [republished, givenUp]) counter.inc({ table }, 0);
    lastSweep.set({ table }, startedAt / 1_000);
  }

  return {
    swept: (table, due, at) => {
      // Of the item, not the marker, which each republication moves: what has been stuck for an hour is an hour old.
      const oldestAt = due.reduce((oldest, { updatedAt }) => Math.min(oldest, Date.parse(updatedAt)), at);
      dueMarkers.set({ table }, due.length);
      oldestAge.set({ table }, (at - oldestAt) / 1_000);
      lastSweep.set({ table }, at / 1_000);
    },
    republished: (table) => {
      republished.inc({ table });
    },
    gaveUp: (table) => {
      givenUp.inc({ table });
    },
  };
}
