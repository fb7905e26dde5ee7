import type { Metrics } from '../telemetry/metrics.js';

export type OutboxMetrics = ReturnType<typeof createOutboxMetrics>;

/**
 * @param tables that are swept
 * @param startedAt epoch ms, shown until the first sweep: otherwise a table that is never swept would show no age
 */
export function createOutboxMetrics(metrics: Metrics, tables: readonly string[], startedAt: number) {
  const labelNames = ['table'] as const;
  const gauge = (name: string, help: string) => metrics.gauge({ name, help, labelNames });
  const counter = (name: string, help: string) => metrics.counter({ name, help, labelNames });
  const dueMarkers = gauge('outbox_due_markers', 'Due markers that the last sweep read, up to 100 per shard.');
  const oldestAge = gauge(
    'outbox_oldest_due_marker_age_seconds',
    'At the last sweep: time since the last change of the longest unchanged item with a due marker.',
  );
  const lastSweep = gauge(
    'outbox_last_sweep_timestamp_seconds',
    'Time of the last successful read of the markers; before the first, start of the process.',
  );
  const counters = {
    republished: counter('outbox_republished_total', 'Events that the sweeper has published again.'),
    givenUp: counter('outbox_given_up_total', 'Items that the sweeper ended as failed, UNDELIVERED.'),
    failed: counter(
      'outbox_failed_total',
      'Failed visits to items: an unreadable row, or an event that the bus refuses.',
    ),
    ahead: counter('outbox_markers_ahead_total', 'Markers that were too far ahead, because a clock was wrong.'),
  };
  const blocked = gauge(
    'outbox_closed_markers',
    'At the last sweep: due markers whose event a disabled rule, or one without a target, would drop.',
  );
  for (const table of tables) {
    // Prometheus needs a sample of 0, or it misses the first increment.
    for (const counted of Object.values(counters)) counted.inc({ table }, 0);
    blocked.set({ table }, 0);
    lastSweep.set({ table }, startedAt / 1_000);
  }

  return {
    /** @param due the items whose markers are due */
    swept: (table: string, due: readonly { updatedAt: string }[], at: number): void => {
      // The item's age, not the marker's, which each republication moves. A row without a readable time counts as new: it
      // is reported as failing.
      const oldestAt = due.reduce((oldest, { updatedAt }) => Math.min(oldest, Date.parse(updatedAt) || at), at);
      dueMarkers.set({ table }, due.length);
      oldestAge.set({ table }, (at - oldestAt) / 1_000);
      lastSweep.set({ table }, at / 1_000);
    },
    /** Counts an item: republished, given up, one whose visit failed, or one whose marker was too far ahead. */
    count: (what: keyof typeof counters, table: string): void => {
      counters[what].inc({ table });
    },
    /** @param count due items whose event a disabled rule would drop */
    blocked: (table: string, count: number): void => {
      blocked.set({ table }, count);
    },
  };
}
