import type { Metrics } from '../telemetry/metrics.js';

export type OutboxMetrics = {
  /** @param due the items whose markers are due */
  swept(table: string, due: readonly { updatedAt: string }[], at: number): void;
  republished(table: string): void;
  gaveUp(table: string): void;
  /** A visit to an item failed. */
  failed(table: string): void;
  /** A marker was too far ahead. */
  ahead(table: string): void;
  /** @param count due items whose event a disabled rule would drop */
  closed(table: string, count: number): void;
};

/**
 * @param tables that are swept
 * @param startedAt epoch ms, shown until the first sweep: otherwise a table that is never swept would show no age
 */
export function createOutboxMetrics(metrics: Metrics, tables: readonly string[], startedAt: number): OutboxMetrics {
  const labelNames = ['table'] as const;
  const dueMarkers = metrics.gauge({
    name: 'outbox_due_markers',
    help: 'Due markers that the last sweep read, up to 100 per shard.',
    labelNames,
  });
  const oldestAge = metrics.gauge({
    name: 'outbox_oldest_due_marker_age_seconds',
    help: 'At the last sweep: time since the last change of the longest unchanged item with a due marker.',
    labelNames,
  });
  const lastSweep = metrics.gauge({
    name: 'outbox_last_sweep_timestamp_seconds',
    help: 'Time of the last successful read of the markers; before the first, start of the process.',
    labelNames,
  });
  const republished = metrics.counter({
    name: 'outbox_republished_total',
    help: 'Events that the sweeper has published again.',
    labelNames,
  });
  const givenUp = metrics.counter({
    name: 'outbox_given_up_total',
    help: 'Items that the sweeper ended as failed, UNDELIVERED.',
    labelNames,
  });
  const failed = metrics.counter({
    name: 'outbox_failed_total',
    help: 'Failed visits to items: an unreadable row, or an event that the bus refuses.',
    labelNames,
  });
  const ahead = metrics.counter({
    name: 'outbox_markers_ahead_total',
    help: 'Markers that were too far ahead, because a clock was wrong.',
    labelNames,
  });
  const closed = metrics.gauge({
    name: 'outbox_closed_markers',
    help: 'At the last sweep: due markers whose event a disabled rule, or one without a target, would drop.',
    labelNames,
  });
  for (const table of tables) {
    // A rate needs a zero before the first increment.
    for (const counter of [republished, givenUp, failed, ahead]) counter.inc({ table }, 0);
    closed.set({ table }, 0);
    lastSweep.set({ table }, startedAt / 1_000);
  }

  return {
    swept: (table, due, at) => {
      // The item's age, not the marker's, which each republication moves. A row without a readable time counts as new: it
      // is reported as failing.
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
