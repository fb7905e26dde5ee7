import { isUnavailable } from '../aws/error-kind.js';
import type { TableReader } from '../dynamodb/table-reader.js';
import type { Stopwatch } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { SweeperDependencies, SweeperOptions, SweepReport } from './swept-table.js';
import { moveMarker } from './transitions.js';
import type { DueItem, WorkItemTable } from './work-item.js';

/** One PutEvents call takes this many events. */
const CONCURRENT_VISITS = 10;
/** The log names every failing item. */
const MAX_REMEMBERED = 1_000;

/** Visits items a few at a time. A visit that fails does not end the others, unless it fails by an outage. */
export function createVisits(
  table: WorkItemTable,
  { backoffMaxMs }: Pick<SweeperOptions, 'backoffMaxMs'>,
  dependencies: Omit<SweeperDependencies, 'publisher'> & { reader: TableReader },
) {
  const { name, key } = table;
  const { executor, reader, logger, now, monotonic, metrics } = dependencies;
  /** Items that the sweeper cannot process, such as unreadable rows, with the time since their last visit. */
  const failing = new Map<string, Stopwatch>();

  /** Visits a failing item again after the longest pause, so that it does not hold up the others. */
  async function setAside(report: SweepReport, id: string, reason: unknown): Promise<void> {
    const failedAt = now();
    report.failed += 1;
    metrics?.count('failed', name);
    logger.error('an outbox item cannot be processed: repair the row', { table: name, id, err: toError(reason) });
    if (failing.size < MAX_REMEMBERED) failing.set(id, monotonic.startStopwatch());
    // The failed visit may already have moved the marker.
    const stored = (await reader.get(id, ['outboxAt'])) as Pick<DueItem, 'outboxAt'> | undefined;
    if (stored?.outboxAt === undefined) return;
    await executor.execute(moveMarker(table, id, stored.outboxAt, failedAt + backoffMaxMs));
  }

  /** @throws the first outage, after all visits of its chunk have ended */
  async function visitAll(items: DueItem[], report: SweepReport, act: (item: DueItem, index: number) => Promise<void>) {
    for (let start = 0; start < items.length; start += CONCURRENT_VISITS) {
      const chunk = items.slice(start, start + CONCURRENT_VISITS);
      const visits = await Promise.allSettled(
        chunk.map(async (item, index) => {
          const id = String(item[key]);
          try {
            await act(item, start + index);
            failing.delete(id);
          } catch (error) {
            if (isUnavailable(error)) throw error;
            await setAside(report, id, error);
          }
        }),
      );
      const outage = visits.find((visit) => visit.status === 'rejected');
      if (outage) throw outage.reason;
    }
  }

  /** A sentence for health checks and operators; undefined while no item fails. */
  function problem(): string | undefined {
    // Longer than the pause before the next visit.
    for (const [id, agoMs] of failing) if (agoMs() > 2 * backoffMaxMs) failing.delete(id);
    const [first] = failing.keys();
    if (first === undefined) return undefined;
    return `${failing.size} item${failing.size === 1 ? '' : 's'} of ${name} cannot be processed, such as ${first}; the log says why`;
  }

  return { visitAll, problem };
}
