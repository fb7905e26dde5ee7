import { describe, expect, it } from '@jest/globals';
import { createFakeDynamoDb } from '@orderflow/testing/aws/fake-dynamodb';
import { keyedTable } from '@orderflow/testing/aws/fake-table';
import { createStatementExecutor, type Statement } from './executor.js';

const TABLE = keyedTable('jobs', 'jobId');

const insert = (key: string): Statement => ({
  key,
  text: `INSERT INTO "jobs" VALUE {'jobId': ?, 'version': ?}`,
  parameters: [key, 1],
});
const raise = (key: string, seen: number): Statement => ({
  key,
  text: 'UPDATE "jobs" SET "version" = ? WHERE "jobId" = ? AND "version" = ?',
  parameters: [seen + 1, key, seen],
});

function createExecutor(options: Parameters<typeof createStatementExecutor>[1] = {}) {
  const dynamo = createFakeDynamoDb({ tables: [TABLE] });
  const sleeps: number[] = [];
  const sleep = (ms: number) => Promise.resolve(sleeps.push(ms));
  const executor = createStatementExecutor(dynamo, { sleep, ...options });
  const sizes = () => dynamo.callsOf('BatchExecuteStatement').map(({ Statements: { length } = [] }) => length);
  return { dynamo, executor, sizes, sleeps };
}

const many = (count: number, of: (key: string) => Statement) =>
  Array.from({ length: count }, (_, index) => of(`j${index}`));

describe('the statement executor', () => {
  it('sends a single statement at once', async () => {
    const { executor, sizes } = createExecutor();
    expect(await executor.execute(insert('j1'))).toEqual({ applied: true });
    expect(sizes()).toEqual([1]);
  });

  it('sends up to 25 statements per call, each with its own outcome', async () => {
    const { dynamo, executor, sizes } = createExecutor();
    dynamo.seed('jobs', { jobId: 'j3', version: 7 });
    const results = await Promise.all(many(60, insert).map((statement) => executor.execute(statement)));
    expect(sizes()).toEqual([25, 25, 10]);
    expect(results.flatMap(({ applied }, index) => (applied ? [] : [index]))).toEqual([3]);
    expect(dynamo.items('jobs')).toHaveLength(60);
  });

  it('returns the stored item only to the caller whose statement was refused', async () => {
    const { dynamo, executor } = createExecutor();
    dynamo.seed('jobs', { jobId: 'j0', version: 1 }, { jobId: 'j1', version: 5 });
    expect(await Promise.all([executor.execute(raise('j0', 1)), executor.execute(raise('j1', 1))])).toEqual([
      { applied: true },
      { applied: false, item: { jobId: 'j1', version: 5 } },
    ]);
  });

  it('never has a key twice in a call', async () => {
    const { executor, sizes } = createExecutor();
    const results = await Promise.all(
      [insert('j1'), raise('j1', 1), insert('j2')].map((statement) => executor.execute(statement)),
    );
    expect(results).toEqual([{ applied: true }, { applied: true }, { applied: true }]);
    expect(sizes()).toEqual([2, 1]);
  });

  it.each(['ThrottlingError', 'RequestLimitExceeded', 'TransactionConflict'])(
    'retries a statement after %s, with growing pauses, and no other statement',
    async (code) => {
      const { dynamo, executor, sizes, sleeps } = createExecutor();
      dynamo.rejectEntriesNext('BatchExecuteStatement', code, 3);
      expect(await Promise.all(many(4, insert).map((statement) => executor.execute(statement)))).toEqual(
        many(4, () => ({ applied: true }) as never),
      );
      expect(sizes()).toEqual([4, 3]);
      expect(sleeps).toHaveLength(3);
    },
  );

  it('gives up a statement that is throttled repeatedly', async () => {
    const { dynamo, executor, sizes, sleeps } = createExecutor();
    dynamo.rejectEntriesNext('BatchExecuteStatement', 'ProvisionedThroughputExceeded', 5);
    await expect(executor.execute(insert('j1'))).rejects.toMatchObject({ name: 'ProvisionedThroughputExceeded' });
    expect(sizes()).toHaveLength(5);
    expect(Math.max(...sleeps)).toBeLessThanOrEqual(200);
    expect(dynamo.items('jobs')).toEqual([]);
  });

  it('finds the one statement that makes the service refuse a call', async () => {
    const { dynamo, executor } = createExecutor();
    const { send } = dynamo;
    // Like a service that reads all statements before it applies one.
    dynamo.send = ((command: { input: { Statements: { Statement: string }[] } }) =>
      command.input.Statements.some(({ Statement: text }) => text === 'GIBBERISH')
        ? Promise.reject(Object.assign(new Error('unreadable'), { name: 'ValidationException' }))
        : send(command as never)) as never;
    const statements = [...many(9, insert), { key: 'bad', text: 'GIBBERISH', parameters: [] }, ...[insert('j9')]];
    const results = await Promise.allSettled(statements.map((statement) => executor.execute(statement)));
    expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([9]);
    expect(dynamo.items('jobs')).toHaveLength(10);
  });

  it('keeps the halves of a refused call independent', async () => {
    const { dynamo, executor } = createExecutor();
    dynamo.failNext('BatchExecuteStatement', Object.assign(new Error('unreadable'), { name: 'ValidationException' }));
    dynamo.failNext('BatchExecuteStatement', Object.assign(new Error('reset'), { name: 'ECONNRESET' }));
    const results = await Promise.allSettled(many(4, insert).map((statement) => executor.execute(statement)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('fails statements that wait behind an unanswered call, without a timeout for each', async () => {
    const { dynamo, executor, sizes } = createExecutor({ concurrency: 1 });
    dynamo.failNext('BatchExecuteStatement', Object.assign(new Error('slow'), { name: 'TimeoutError' }));
    const results = await Promise.allSettled(many(30, insert).map((statement) => executor.execute(statement)));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(30);
    expect(sizes()).toEqual([25]);
    expect(await executor.execute(insert('j1'))).toEqual({ applied: true });
  });

  it('refuses statements beyond its capacity, and sends the rest', async () => {
    const { executor, sizes } = createExecutor({ capacity: 30 });
    const results = await Promise.allSettled(many(31, insert).map((statement) => executor.execute(statement)));
    expect(results.at(-1)).toMatchObject({ status: 'rejected', reason: { name: 'OverloadedError' } });
    expect(sizes()).toEqual([25, 5]);
  });

  it('treats a missing outcome as neither applied nor refused', async () => {
    const executor = createStatementExecutor({ send: () => Promise.resolve({ Responses: [] }) } as never);
    await expect(executor.execute(insert('j1'))).rejects.toThrow('without an outcome');
  });

  it('is flushed when every statement has its answer, throttled ones included', async () => {
    const { dynamo, executor } = createExecutor();
    dynamo.rejectEntriesNext('BatchExecuteStatement', 'ThrottlingError', 1);
    dynamo.failNext('BatchExecuteStatement', new Error('broken'));
    const settled: string[] = [];
    const note = () => settled.push('settled');
    for (const statement of [insert('j1'), insert('j2')]) executor.execute(statement).then(note, note);
    await executor.flush();
    executor.execute(insert('j3')).then(note, note);
    await executor.flush();
    expect(settled).toHaveLength(3);
  });
});
