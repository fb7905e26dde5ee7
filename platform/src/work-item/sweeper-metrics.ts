import type { Metrics } from '../telemetry/metrics.js';

export type OutboxMetrics = {
  /** @param due the items whose markers are due */
  swept(table: string, due: readonly { updatedAt: string }[], at: number): void;
  republished(table: string): void;
  gaveUp(table: string): void;
  /** An item could not be brought on. */
  failed(table: string): void;
  /** A marker was further ahead than any pause. */
  ahead(table: string): void;
  /** @param count due items whose event would be dropped by a rule that is off */
  closed(table: string, count: number): void;
};

/**
 * @param tables that are swept
 * @param startedAt epoch ms from which a sweep is waited for: a table that none ever reads would show no age otherwise
 */
export function createOutboxMetrics(metrics: Metrics, tables: readonly string[], startedAt: number): OutboxMetrics {
  const labelNames = ['table'] as const;
  const dueMarkers = metrics.gauge({
    name: 'outbox_due_markers',
    help: 'Due markers that the last sweep looked at, up to 100 of each shard.',
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
  const failed = metrics.counter({
    name: 'outbox_failed_total',
    help: 'Visits to items that could not be brought on: an unreadable row, or an event that the bus refuses.',
    labelNames,
  });
  const ahead = metrics.counter({
    name: 'outbox_markers_ahead_total',
    help: 'Markers that were further ahead than any pause, because a clock was wrong.',
    labelNames,
  });
  const closed = metrics.gauge({
    name: 'outbox_closed_markers',
    help: 'Due markers at the last sweep whose event a rule would drop, because it is disabled or has no target.',
    labelNames,
  });
  for (const table of tables) {
    // A rate needs the zero before the first one.
    for (const counter of [republished, givenUp, failed, ahead]) counter.inc({ table }, 0);
    closed.set({ table }, 0);
    lastSweep.set({ table }, startedAt / 1_000);
  }

  return {
    swept: (table, due, at) => {
      // Of the item, not the marker, which each republication moves: what has been stuck for an hour is an hour old.
      // A row without a readable time counts as new: it is reported as failing.
      const oldestAt = due.reduce((oldest, { updatedAt }) => Math.min(oldest, Date.parse(updatedAt) || at), at);
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
    failed: (table) => {
      failed.inc({ table });
    },
    ahead: (table) => {
      ahead.inc({ table });
    },
    closed: (table, count) => {
      closed.set({ table }, count);
    },
  };
}
