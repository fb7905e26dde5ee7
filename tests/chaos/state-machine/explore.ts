import fc from 'fast-check';
import { newId } from '@orderflow/domain/ids';
import type { DynamoDb } from '@orderflow/platform/aws/clients';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { insert } from '@orderflow/platform/work-item/transitions';
import { createJudge } from './judge.js';
import { plan, play, type Plan } from './plan.js';
import { settle } from './settle.js';
import { createSubjects } from './subjects.js';
import { settled } from './turns.js';
import { Violation } from './violation.js';
import { createWorld, LEASE_MS, MARKER_DELAY_MS, SKEW_MS, STARTED_AT, type Seam } from './world.js';

export type Exploration = {
  runs: number;
  /** Steps taken. */
  commands: number;
  /** Statements that reached the table. */
  statements: number;
  seed: number;
  /** The broken promise, with the shortest history found that breaks it. */
  counterexample?: string;
};

type ExploreOptions = {
  dynamo: DynamoDb;
  stage: string;
  runs: number;
  seed: number;
  /** Concurrent explorations, each with a separate seed. */
  partitions: number;
  seam: Seam;
};

/** How long to shrink a counterexample. */
const SHRINK_FOR_MS = 4_000;

type Counts = Pick<Exploration, 'commands' | 'statements'>;

/** Plays one history of a new item. @throws Violation */
async function playOut({ dynamo, stage, seam }: ExploreOptions, history: Plan, counts: Counts): Promise<void> {
  const subject = createSubjects(stage)[history.subject];
  const { table } = subject;
  const id = newId();
  const record = subject.record(id, STARTED_AT, STARTED_AT + MARKER_DELAY_MS);
  const executor = createStatementExecutor(dynamo);
  const reader = createTableReader(dynamo, table);
  await executor.execute(insert(table, record));

  const rules = {
    leaseMs: LEASE_MS,
    skewMs: SKEW_MS,
    consumers: table.confirmedBy,
    accepted: record.contentHash as string | undefined,
  };
  const judge = createJudge({ subject, rules, record, executor, readItem: () => reader.get(id) });
  const world = createWorld({ subject, id, judge, outcomes: history.outcomes, seam });
  world.send();
  try {
    for (const step of history.steps) {
      await play(world, step);
      await settled();
      world.check();
      counts.commands++;
    }
    await settle(world, history);
  } catch (error) {
    if (error instanceof Error) error.message += `\nHistory of ${history.subject}:\n${world.log.join('\n')}`;
    throw error;
  } finally {
    counts.statements += world.tally.statements;
  }
}

async function explorePart(options: ExploreOptions): Promise<Exploration> {
  const counts = { commands: 0, statements: 0 };
  let failedAt = Infinity;
  const property = fc.asyncProperty(plan, async (history) => {
    if (performance.now() > failedAt + SHRINK_FOR_MS) return;
    try {
      await playOut(options, history, counts);
    } catch (error) {
      failedAt = Math.min(failedAt, performance.now());
      throw error;
    }
  });
  const { runs, seed } = options;
  const { failed, numRuns, errorInstance } = await fc.check(property, { numRuns: runs, seed });
  if (!failed) return { runs: numRuns, ...counts, seed };
  // A failing emulator is not a counterexample, and must not let an ablation pass.
  if (!(errorInstance instanceof Violation)) throw errorInstance;
  const { message } = errorInstance;
  return { runs: numRuns, ...counts, seed, counterexample: `seed ${seed}, run ${numRuns}: ${message}` };
}

/** Plays random histories with the real statements, and compares each change with the model. */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const { runs, seed, partitions } = options;
  const parts = await Promise.all(
    Array.from({ length: partitions }, (_, index) => {
      const share = Math.floor(runs / partitions) + Number(index < runs % partitions);
      return explorePart({ ...options, runs: share, seed: seed + index * 1_000_003 });
    }),
  );
  const sum = (of: (part: Exploration) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const found = parts.find(({ counterexample }) => counterexample !== undefined)?.counterexample;
  return {
    runs: sum((part) => part.runs),
    commands: sum((part) => part.commands),
    statements: sum((part) => part.statements),
    seed,
    ...(found === undefined ? {} : { counterexample: found }),
  };
}
