import type { ItemClass, Verdict } from './check-item.js';
import type { AuditFinding, AuditReport, Endings, ItemTotals } from './report.js';

const NO_ITEMS = { total: 0, terminal: 0, inProgress: 0, deadLettered: 0, lost: 0, markers: 0 };

/** Adds up what was decided item by item, and keeps the first findings. */
export function createTally(keep: number, onFinding: (finding: AuditFinding) => void) {
  const totals: Record<'order' | 'notification', ItemTotals> = {
    order: { ...NO_ITEMS, byStatus: {} },
    notification: { ...NO_ITEMS, byStatus: {} },
  };
  const outcomes = { notified: 0, underWay: 0, missing: 0 };
  const endings: Endings = { fulfilled: 0, cancelled: 0, refused: 0, untried: 0, notCancelled: 0 };
  const findings: AuditFinding[] = [];
  let findingCount = 0;

  return {
    count: (
      kind: 'order' | 'notification',
      { status, outboxAt }: { status: string; outboxAt?: number },
      decided: { class: ItemClass } & Pick<Verdict, 'outcome' | 'ending'>,
    ): void => {
      const total = totals[kind];
      total.total += 1;
      total[decided.class] += 1;
      total.byStatus[status] = (total.byStatus[status] ?? 0) + 1;
      if (outboxAt !== undefined) total.markers += 1;
      if (decided.ending) endings[decided.ending] += 1;
      if (decided.outcome) outcomes[decided.outcome] += 1;
    },
    found: (finding: AuditFinding): void => {
      findingCount += 1;
      if (findings.length < keep) findings.push(finding);
      onFinding(finding);
    },
    result: (): Pick<AuditReport, 'orders' | 'notifications' | 'endings' | 'findings' | 'findingCount'> & {
      outcomes: typeof outcomes;
    } => ({ orders: totals.order, notifications: totals.notification, endings, outcomes, findings, findingCount }),
  };
}

export type Tally = ReturnType<typeof createTally>;
