import { attemptsOf } from '@orderflow/domain/work-item-record';
import type { Problem, Verdict } from './check-item.js';
import type { Item, ItemKind } from './check-page.js';
import type { AuditFinding, Endings, ItemTotals, LastSeen } from './report.js';

/** Findings that the report contains. All are counted. */
const MAX_KEPT = 10_000;
const NO_ITEMS = { total: 0, terminal: 0, inProgress: 0, deadLettered: 0, lost: 0, markers: 0 };

/** A row that was written by hand may lack a timeline. */
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

function lastSeenOf(item: Item): LastSeen {
  const steps = Object.entries(isObject(item.timeline) ? item.timeline : {}).sort(
    ([, left], [, right]) => (left.version ?? 1) - (right.version ?? 1) || (left.at < right.at ? -1 : 1),
  );
  const [step, entry] = steps.at(-1) ?? ['none', { at: item.updatedAt }];
  const worker = steps.findLast(([, { worker: host }]) => host !== undefined)?.[1].worker;
  const { status, version, holder, outboxAttempts: republished } = item;
  const attempts = attemptsOf(Object.fromEntries(steps));
  return { step: step.replace(/_\d+$/, ''), at: entry.at, status, version, holder, worker, attempts, republished };
}

/** Adds up what was decided item by item, and keeps the first findings. */
export function createTally(onFinding?: (finding: AuditFinding) => void) {
  const totals: Record<ItemKind['name'], ItemTotals> = {
    order: { ...NO_ITEMS, byStatus: {} },
    notification: { ...NO_ITEMS, byStatus: {} },
  };
  const outcomes = { notified: 0, underWay: 0, missing: 0 };
  const endings: Endings = { fulfilled: 0, cancelled: 0, refused: 0, untried: 0, notCancelled: 0 };
  const findings: AuditFinding[] = [];
  let findingCount = 0;

  return {
    count: (kind: ItemKind['name'], { status, outboxAt }: Item, decided: Omit<Verdict, 'problems'>): void => {
      const total = totals[kind];
      total.total += 1;
      total[decided.class] += 1;
      total.byStatus[status] = (total.byStatus[status] ?? 0) + 1;
      if (outboxAt !== undefined) total.markers += 1;
      if (decided.ending) endings[decided.ending] += 1;
      if (decided.outcome) outcomes[decided.outcome] += 1;
    },
    found: (kind: ItemKind['name'], id: string, item: Item, { kind: what, text }: Problem): void => {
      const { orderId } = item;
      const finding = { kind: what, item: kind, id, orderId, problem: text, lastSeen: lastSeenOf(item) };
      findingCount += 1;
      if (findings.length < MAX_KEPT) findings.push(finding);
      onFinding?.(finding);
    },
    result: () => ({
      ...{ orders: totals.order, notifications: totals.notification },
      ...{ endings, outcomes, findings, findingCount },
    }),
  };
}
