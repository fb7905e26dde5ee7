import { setTimeout } from 'node:timers/promises';
import { BatchExecuteStatementCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';
import { errorKindOf } from '../aws/error-kind.js';
import { createBatcher } from '../runtime/batching.js';

/** One conditional PartiQL statement on one item. `key` names the item: no batch may hold a key twice. */
export type Statement = { key: string; text: string; parameters: unknown[] };

/** Refused: the condition did not hold, or the item exists already; `item` is how it stands, where the service tells. */
export type StatementResult = { applied: true } | { applied: false; item: Record<string, unknown> | undefined };

/** The only way to the tables' write side. */
export type StatementExecutor = {
  /**
   * @throws the service's error when it could neither apply nor refuse; after a broken connection or a timeout the
   *   statement may have been applied all the same
   * @throws OverloadedError when too many statements wait: this one was not sent
   */
  execute(statement: Statement): Promise<StatementResult>;
};

export type BatchingExecutor = StatementExecutor & {
  /** Resolves when everything asked for so far has its answer. Never rejects. */
  flush(): Promise<void>;
};

type ExecutorOptions = {
  /** Calls in flight at a time. More of them make each smaller. */
  concurrency?: number;
  /** Statements that may wait. */
  capacity?: number;
  sleep?: (ms: number) => Promise<unknown>;
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html */
const MAX_STATEMENTS = 25;
const CONCURRENCY = 2;
const CAPACITY = 1_000;
/** Attempts of a statement that is throttled, or meets another transaction, while the call that carries it succeeds. */
const MAX_ATTEMPTS = 5;
const BACKOFF_BASE_MS = 25;

const REFUSALS = new Set(['ConditionalCheckFailed', 'DuplicateItem']);

/** A statement's own error inside a batch whose call succeeded. */
class StatementError extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

type Entry = { result: StatementResult } | { error: unknown };

/**
 * Group commit: statements that are asked for while calls are in flight share the next one, each with its own condition
 * and its own answer. There is no transaction around them, and no timer: while nothing is in flight a statement goes at
 * once. A batch is not ordered against another; whoever needs an order awaits the first statement.
 */
export function createStatementExecutor(
  dynamo: DynamoDb,
  { concurrency = CONCURRENCY, capacity = CAPACITY, sleep = setTimeout }: ExecutorOptions = {},
): BatchingExecutor {
  async function send(statements: readonly Statement[]): Promise<Entry[]> {
    const { Responses: responses = [] } = await dynamo.send(
      new BatchExecuteStatementCommand({
        Statements: statements.map(({ text, parameters }) => ({
          Statement: text,
          Parameters: parameters,
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        })),
      }),
    );
    return statements.map((_, index) => {
      const response = responses[index];
      if (!response) return { error: new StatementError('NoResponse', 'the service answered without an outcome') };
      const { Error: error } = response;
      if (!error) return { result: { applied: true } };
      const code = error.Code ?? 'UnknownError';
      if (REFUSALS.has(code)) return { result: { applied: false, item: error.Item } };
      return { error: new StatementError(code, error.Message ?? 'the statement failed without a message') };
    });
  }

  /** A call that is refused as a whole has applied nothing; which of its statements is to blame, halving it finds out. */
  async function sendOrSplit(statements: readonly Statement[]): Promise<Entry[]> {
    try {
      return await send(statements);
    } catch (error) {
      if (statements.length === 1 || !(error instanceof Error && error.name === 'ValidationException')) throw error;
      const middle = Math.ceil(statements.length / 2);
      const entries: Entry[] = [];
      for (const half of [statements.slice(0, middle), statements.slice(middle)]) {
        // What one half meets is not the other's.
        entries.push(
          ...(await sendOrSplit(half).catch((halfError: unknown) => half.map(() => ({ error: halfError })))),
        );
      }
      return entries;
    }
  }

  const batcher = createBatcher<Statement, StatementResult>({
    maxItems: MAX_STATEMENTS,
    concurrency,
    capacity,
    keyOf: ({ key }) => key,
    // Behind a service that does not answer, each would wait for a time-out of its own after this one.
    failsWaiting: (error) => errorKindOf(error) === 'timeout',
    send: sendOrSplit,
  });

  async function execute(statement: Statement): Promise<StatementResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await batcher.submit(statement);
      } catch (error) {
        const isThrottled = error instanceof StatementError && errorKindOf(error) === 'throttled';
        if (!isThrottled || attempt === MAX_ATTEMPTS) throw error;
        // Full jitter, as the workers' retries.
        await sleep(Math.random() * BACKOFF_BASE_MS * 2 ** (attempt - 1));
      }
    }
  }

  const executing = new Set<Promise<StatementResult>>();
  return {
    execute: (statement) => {
      const result = execute(statement).finally(() => executing.delete(result));
      executing.add(result);
      return result;
    },
    flush: async () => {
      await Promise.allSettled(executing);
    },
  };
}
