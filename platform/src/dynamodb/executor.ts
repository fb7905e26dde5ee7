import { setTimeout } from 'node:timers/promises';
import { BatchExecuteStatementCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '../aws/clients.js';
import { EntryError, errorKindOf, STATEMENT_REFUSALS } from '../aws/error-kind.js';
import { createBatcher } from '../runtime/batching.js';

/** One conditional PartiQL statement on one item. `key` names the item: no batch may hold a key twice. */
export type Statement = { key: string; text: string; parameters: unknown[] };

/** Not applied: the condition failed, or the item already exists. `item` is the stored item, if the service returns it. */
export type StatementResult = { applied: true } | { applied: false; item: Record<string, unknown> | undefined };

/** Every write to a table goes through this. */
export type StatementExecutor = {
  /**
   * @throws the service's error. After a broken connection or a timeout, the statement may have been applied.
   * @throws OverloadedError: too many statements wait, and this one was not sent
   */
  execute(statement: Statement): Promise<StatementResult>;
};

export type BatchingExecutor = StatementExecutor & {
  /** Resolves when every statement so far has its answer. Never rejects. */
  flush(): Promise<void>;
};

type ExecutorOptions = {
  /** Calls in flight at a time. More calls mean smaller batches. */
  concurrency?: number;
  /** Statements that may wait. */
  capacity?: number;
  sleep?: (ms: number) => Promise<unknown>;
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html */
const MAX_STATEMENTS = 25;
const CONCURRENCY = 2;
const CAPACITY = 1_000;
/** How often a statement is sent if DynamoDB throttles it, or if it conflicts with a transaction. */
const MAX_ATTEMPTS = 5;
const BACKOFF_BASE_MS = 25;

type Entry = { result: StatementResult } | { error: unknown };

/**
 * Group commit without a timer: statements that arrive while two calls are in flight share the next call, each with its
 * own condition and answer. A call is not a transaction, and calls are not ordered: to order two statements, await the
 * first.
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
      if (!response) return { error: new EntryError('NoResponse', 'the service answered without an outcome') };
      const { Error: error } = response;
      if (!error) return { result: { applied: true } };
      const code = error.Code ?? 'UnknownError';
      if (STATEMENT_REFUSALS.has(code)) return { result: { applied: false, item: error.Item } };
      return { error: new EntryError(code, error.Message ?? 'the statement failed without a message') };
    });
  }

  /** A rejected call applied nothing. Bisect the batch to find the statement that caused the rejection. */
  async function sendOrSplit(statements: readonly Statement[]): Promise<Entry[]> {
    try {
      return await send(statements);
    } catch (error) {
      if (statements.length === 1 || !(error instanceof Error && error.name === 'ValidationException')) throw error;
      const middle = Math.ceil(statements.length / 2);
      const entries: Entry[] = [];
      for (const half of [statements.slice(0, middle), statements.slice(middle)]) {
        // An error of one half does not affect the other.
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
    // While the service does not answer, each waiting statement would run into its own timeout.
    failsWaiting: (error) => errorKindOf(error) === 'timeout',
    send: sendOrSplit,
  });

  async function execute(statement: Statement): Promise<StatementResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await batcher.submit(statement);
      } catch (error) {
        const isThrottled = error instanceof EntryError && errorKindOf(error) === 'throttled';
        if (!isThrottled || attempt === MAX_ATTEMPTS) throw error;
        // Full jitter.
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
