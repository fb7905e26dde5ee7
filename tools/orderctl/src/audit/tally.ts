import { attemptsOf } from '@orderflow/domain/work-item-record';
import type { Problem, Verdict } from './check-item.js';
import type { Item, ItemKind } from './check-page.js';

/** Findings that the report contains. All are counted. */
const MAX_KEPT = 10_000;

/** Each item is in exactly one of the four classes. Lost items are findings. */
const noItems = () => ({
  ...{ total: 0, terminal: 0, inProgress: 0, deadLettered: 0, lost: 0, markers: 0 },
  byStatus: {} as Record<string, number>,
});

/** How finished orders ended at the warehouse, according to the orders. */
const NO_ENDINGS = {
  /** COMPLETED. */
  fulfilled: 0,
  /** FAILED after attempts; the warehouse confirmed the cancel. */
  cancelled: 0,
  /** FAILED because the warehouse refused it. */
  refused: 0,
  /** FAILED before any worker tried it. */
  untried: 0,
  /** FAILED after attempts without a confirmed cancel. Each is a finding. */
  notCancelled: 0,
};
export type Endings = typeof NO_ENDINGS;

export type AuditFinding = ReturnType<typeof toFinding>;

/** A row that was written by hand may lack a timeline. */
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** The latest entry of the item's timeline, and the latest worker that one names. */
function lastSeenOf(item: Item) {
  const steps = Object.entries(isObject(item.timeline) ? item.timeline : {}).sort(
    ([, left], [, right]) => (left.version ?? 1) - (right.version ?? 1) || (left.at < right.at ? -1 : 1),
  );
  const [step, entry] = steps.at(-1) ?? ['none', { at: item.updatedAt }];
  const worker = steps.findLast(([, { worker: host }]) => host !== undefined)?.[1].worker;
  const { status, version, holder, outboxAttempts: republished } = item;
  const attempts = attemptsOf(Object.fromEntries(steps));
  // `holder`: the SQS message that claimed it last; '' before the first claim.
  return { step: step.replace(/_\d+$/, ''), at: entry.at, status, version, holder, worker, attempts, republished };
}

function toFinding(kind: ItemKind['name'], id: string, item: Item, { kind: what, text }: Problem) {
  return { kind: what, item: kind, id, orderId: item.orderId, problem: text, lastSeen: lastSeenOf(item) };
}

/** Adds up what was decided item by item, and keeps the first findings. */
export function createTally(onFinding?: (finding: AuditFinding) => void) {
  const totals = { order: noItems(), notification: noItems() };
  const outcomes = { notified: 0, underWay: 0, missing: 0, erased: 0, expired: 0 };
  const endings = { ...NO_ENDINGS };
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
    found: (...found: Parameters<typeof toFinding>): void => {
      const finding = toFinding(...found);
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
