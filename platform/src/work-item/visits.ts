import { isUnavailable } from '../aws/error-kind.js';
import type { TableReader } from '../dynamodb/table-reader.js';
import type { MonotonicClock, Stopwatch } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';
import type { SweeperDependencies, SweeperOptions, SweepReport } from './swept-table.js';
import { moveMarker } from './transitions.js';
import type { DueItem, WorkItemTable } from './work-item.js';

type FailingItems = {
  /** @param reason why the sweeper cannot make progress with the item */
  add: (id: string, reason: unknown) => void;
  remove: (id: string) => void;
  /** A sentence for health checks and operators; undefined while no item fails. */
  problem: () => string | undefined;
};

/** The log names every item. */
const MAX_REMEMBERED = 1_000;

type RememberOptions = {
  table: string;
  logger: Pick<Logger, 'error'>;
  monotonic: MonotonicClock;
  /** How long an item counts as failing after its last visit: longer than the pause before the next visit. */
  rememberMs: number;
};

/** Remembers items that no sweep can help: an unreadable row, or an event that the bus always refuses. */
function createFailingItems({ table, logger, monotonic, rememberMs }: RememberOptions): FailingItems {
  const seen = new Map<string, Stopwatch>();
  return {
    add: (id, reason) => {
      logger.error('an outbox item cannot be processed: repair the row', { table, id, err: toError(reason) });
      if (seen.size < MAX_REMEMBERED) seen.set(id, monotonic.startStopwatch());
    },
    remove: (id) => {
      seen.delete(id);
    },
    problem: () => {
      for (const [id, agoMs] of seen) if (agoMs() > rememberMs) seen.delete(id);
      const [first] = seen.keys();
      if (first === undefined) return undefined;
      return `${seen.size} item${seen.size === 1 ? '' : 's'} of ${table} cannot be processed, such as ${first}; the log says why`;
    },
  };
}

/** One PutEvents call takes this many events. */
const CONCURRENT_VISITS = 10;

/** Visits items a few at a time. A visit that fails does not end the others, unless it fails by an outage. */
export function createVisits(
  table: WorkItemTable,
  { backoffMaxMs }: Pick<SweeperOptions, 'backoffMaxMs'>,
  {
    executor,
    reader,
    logger,
    now,
    monotonic,
    metrics,
  }: Omit<SweeperDependencies, 'publisher'> & { reader: TableReader },
) {
  const { name, key } = table;
  const failing = createFailingItems({ table: name, logger, monotonic, rememberMs: 2 * backoffMaxMs });
  const idOf = (item: DueItem): string => String(item[key]);

  /** Visits a failing item again after the longest pause, so that it does not hold up the others. */
  async function setAside(report: SweepReport, item: DueItem, reason: unknown, sweptAt: number): Promise<void> {
    report.failed += 1;
    metrics?.failed(name);
    failing.add(idOf(item), reason);
    // The failed visit may already have moved the marker.
    const stored = (await reader.get(idOf(item), ['outboxAt'])) as Pick<DueItem, 'outboxAt'> | undefined;
    if (stored?.outboxAt === undefined) return;
    await executor.execute(moveMarker(table, idOf(item), stored.outboxAt, sweptAt + backoffMaxMs));
  }

  /** @throws the first outage, after all visits of its chunk have ended */
  async function visitAll(items: DueItem[], report: SweepReport, act: (item: DueItem, index: number) => Promise<void>) {
    for (let start = 0; start < items.length; start += CONCURRENT_VISITS) {
      const chunk = items.slice(start, start + CONCURRENT_VISITS);
      const visits = await Promise.allSettled(
        chunk.map(async (item, index) => {
          try {
            await act(item, start + index);
            failing.remove(idOf(item));
          } catch (error) {
            if (isUnavailable(error)) throw error;
            await setAside(report, item, error, now());
          }
        }),
      );
      const outage = visits.find((visited) => visited.status === 'rejected');
      if (outage) throw outage.reason;
    }
  }

  return { visitAll, problem: failing.problem };
}
