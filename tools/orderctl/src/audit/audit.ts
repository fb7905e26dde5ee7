import { ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { queueNames } from '@orderflow/contracts';
import { OUTCOME_CONSUMERS, type OutcomeConsumers } from '@orderflow/domain/orders/orders-table';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import { countQueue, depthOf } from '@orderflow/platform/aws/queues';
import { OVERDUE_AFTER_MS } from '@orderflow/platform/health/checks';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import type { ConnectedSystem } from '../connect.js';
import { scanTable } from '../scan-table.js';
import type { Terminal } from '../terminal.js';
import { createBacklog } from './backlog.js';
import { createItemKinds, type Item, type ItemKind } from './check-page.js';
import { findDeadLettered } from './dead-lettered.js';
import { createTally, type AuditFinding } from './tally.js';

type AuditOptions = {
  /** How long a marker may be due before the audit asks for a reason. */
  toleranceMs?: number;
  recheckMs?: number;
  consumers?: OutcomeConsumers;
  onFinding?: (finding: AuditFinding) => void;
  onProgress?: (progress: { table: string; read: number; findings: number }) => void;
};

/** Suspects that are checked again together. */
const CHUNK = 100;
/** Bounds the memory. With more than this many, the audit waits for the oldest. */
const MAX_WAITING = 5_000;

export type AuditReport = Awaited<ReturnType<typeof audit>>;

/** An item that looked wrong, or that only a message in a queue explains. */
type Suspect = { kind: ItemKind; id: string; seenAt: number };

/** Those whose rule exists: the one that delivers to the notification queue is optional. */
async function receivers({ aws, names }: ConnectedSystem, consumers: OutcomeConsumers): Promise<OutcomeConsumers> {
  const hasTargets = async (rule: string): Promise<boolean> => {
    try {
      const asked = new ListTargetsByRuleCommand({ EventBusName: names.bus, Rule: rule });
      const { Targets: targets = [] } = await aws.eventBridge.send(asked);
      return targets.length > 0;
    } catch (error) {
      if (isTopologyMissing(error)) return false;
      throw error;
    }
  };
  const found = await Promise.all(
    Object.entries(consumers).map(async (entry) => ((await hasTargets(names[entry[1].rule])) ? [entry] : [])),
  );
  return Object.fromEntries(found.flat());
}

/**
 * Reconciles the tables with each other and with the queues. Work queues are only counted; dead-letter queues are
 * peeked. A suspect item is checked twice, because the system keeps running.
 */
export async function audit(
  system: ConnectedSystem,
  { now, pause }: Pick<Terminal, 'now' | 'pause'>,
  options: AuditOptions = {},
) {
  const { aws, names, urlOf, stage } = system;
  const { onFinding, onProgress } = options;
  const { toleranceMs = OVERDUE_AFTER_MS, recheckMs = 1_000 } = options;
  const elapsedMs = createMonotonicClock().startStopwatch();
  const startedAt = new Date(now()).toISOString();
  const countsOf = async (queue: string) => countQueue(aws.sqs, await urlOf(queue));
  const queues = Object.fromEntries(
    await Promise.all(queueNames(names).map(async (queue) => [queue, await countsOf(queue)] as const)),
  );
  const deadLettered = await findDeadLettered(system, elapsedMs);
  const consumers = await receivers(system, options.consumers ?? OUTCOME_CONSUMERS);
  const { dynamo } = aws;
  const shared = { dynamo, names, consumers, toleranceMs, now };
  const kinds = createItemKinds({ ...shared, deadLettered });
  const backlog = createBacklog({
    ...shared,
    elapsedMs,
    depthOf: async (queue) => depthOf(await countsOf(names[queue])),
  });
  const tally = createTally(onFinding);
  const idOf = ({ table }: ItemKind, item: Item) => String((item as unknown as Record<string, unknown>)[table.key]);

  /** Checks items, and whether messages in a queue explain overdue markers. */
  async function* check(kind: ItemKind, items: Item[], since?: number) {
    for (const { item, verdict } of await kind.check(items)) {
      const queue = verdict.unlessQueued?.queue;
      yield { item, verdict, isExplained: queue === undefined || (await backlog.explains(queue, since)) };
    }
  }

  /** Counts the items without problems, and returns the others as suspects. */
  async function look(kind: ItemKind, items: Item[]): Promise<Suspect[]> {
    const suspects: Suspect[] = [];
    for await (const { item, verdict, isExplained } of check(kind, items)) {
      if (isExplained && verdict.problems.length === 0) tally.count(kind.name, item, verdict);
      else suspects.push({ kind, id: idOf(kind, item), seenAt: elapsedMs() });
    }
    return suspects;
  }

  async function lookAgain(suspects: readonly Suspect[]): Promise<void> {
    await deadLettered.refresh();
    for (const kind of kinds) {
      const mine = suspects.filter((suspect) => suspect.kind === kind);
      const items = (await kind.reader.getMany(mine.map(({ id }) => id))) as Item[];
      const firstSeenAt = Math.min(...mine.map(({ seenAt }) => seenAt));
      for await (const { item, verdict, isExplained } of check(kind, items, firstSeenAt + 1)) {
        const unexplained = isExplained ? undefined : verdict.unlessQueued?.problem;
        const isLost = unexplained !== undefined && verdict.class === 'inProgress';
        tally.count(kind.name, item, {
          class: isLost ? 'lost' : verdict.class,
          outcome: unexplained?.kind === 'outcome-not-delivered' ? 'missing' : verdict.outcome,
          ending: verdict.ending,
        });
        const problems = [...verdict.problems, ...(unexplained ? [unexplained] : [])];
        for (const problem of problems) tally.found(kind.name, idOf(kind, item), item, problem);
      }
    }
  }

  // A running system can make progress before the second look.
  let waiting: Suspect[] = [];
  async function recheckOldest(): Promise<void> {
    const chunk = waiting.slice(0, CHUNK);
    waiting = waiting.slice(CHUNK);
    const restMs = (chunk.at(-1)?.seenAt ?? 0) + recheckMs - elapsedMs();
    if (restMs > 0) await pause(restMs);
    await lookAgain(chunk);
  }

  for (const kind of kinds) {
    const table = kind.table.name;
    let read = 0;
    for await (const page of scanTable(dynamo, table, kind.attributes)) {
      waiting.push(...(await look(kind, page as Item[])));
      while (waiting.length > MAX_WAITING) await recheckOldest();
      read += page.length;
      onProgress?.({ table, read, findings: tally.result().findingCount });
    }
  }
  while (waiting.length > 0) await recheckOldest();

  const { outcomes, ...totals } = tally.result();
  return {
    stage,
    startedAt,
    tookMs: Math.round(elapsedMs()),
    ...totals,
    /** Of all consumers. `expected` is false if the stack lacks the rules that deliver them. */
    outcomes: { expected: Object.keys(consumers).length > 0, ...outcomes },
    /** At the start of the audit, by queue name. */
    queues,
  };
}
