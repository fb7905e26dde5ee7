import type { BatchExecuteStatementCommandInput, BatchGetCommandInput } from '@aws-sdk/lib-dynamodb';
import { parsePartiql, type PartiqlStatement } from './fake-partiql.js';
import { PROJECTION_PARAMETERS, projectorOf } from './fake-projection.js';
import { applyStatement, targetOf } from './fake-table-write.js';
import type { FakeTable } from './fake-table.js';
import { invalid, StatementFailure } from './statement-failure.js';
import type { Item } from './values.js';

/** @throws StatementFailure if there is no such table. */
type FindTable = (name: string | undefined) => FakeTable;

const MAX_STATEMENTS = 25;
const MAX_KEYS = 100;
const BATCH_GET_PARAMETERS: readonly string[] = ['ConsistentRead', ...PROJECTION_PARAMETERS];
const DUPLICATE_KEYS = 'Provided list of item keys contains duplicates';

/** The result of one statement, or the failure that concerns it alone. */
function attempt<Output>(run: () => Output): Output | StatementFailure {
  try {
    return run();
  } catch (failure) {
    if (failure instanceof StatementFailure) return failure;
    throw failure;
  }
}

function refuseSameKeyTwice(table: FindTable, statements: readonly (PartiqlStatement | StatementFailure)[]): void {
  const targets = new Set<string>();
  for (const statement of statements) {
    if (statement instanceof StatementFailure) continue;
    const target = attempt(() => `${statement.table} ${targetOf(table(statement.table), statement)}`);
    if (target instanceof StatementFailure) continue;
    if (targets.has(target)) throw invalid(DUPLICATE_KEYS);
    targets.add(target);
  }
}

/** Applies up to 25 statements independently, and answers in their order. */
export function batchExecute(
  table: FindTable,
  input: BatchExecuteStatementCommandInput,
  takeEntryFault: () => string | undefined,
): { Responses: object[] } {
  const requests = input.Statements ?? [];
  if (requests.length < 1 || requests.length > MAX_STATEMENTS) {
    throw invalid(`A batch holds 1 to ${MAX_STATEMENTS} statements, not ${requests.length}`);
  }
  const statements = requests.map((request) =>
    attempt(() => parsePartiql(request.Statement ?? '', request.Parameters ?? [])),
  );
  refuseSameKeyTwice(table, statements);

  const responses = statements.map((statement, index) => {
    const fault = takeEntryFault();
    if (fault !== undefined) return { Error: { Code: fault, Message: 'planned by the test' } };
    if (statement instanceof StatementFailure) return errorResponse(statement, undefined);
    const refusal = attempt(() => {
      applyStatement(table(statement.table), statement);
    });
    if (!refusal) return { TableName: statement.table };
    const withItem = requests[index]?.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    return { ...errorResponse(refusal, withItem ? refusal.item : undefined), TableName: statement.table };
  });
  return { Responses: responses };
}

function errorResponse({ code, message }: StatementFailure, item: Item | undefined): object {
  return { Error: { Code: code, Message: message, ...(item ? { Item: item } : {}) } };
}

/** Reads up to 100 items. DynamoDB promises no order, so the answer is sorted by key rather than as requested. */
export function batchGet(
  table: FindTable,
  input: BatchGetCommandInput,
  readCount: number | undefined,
): { Responses: Record<string, Item[]>; UnprocessedKeys: object } {
  const requests = Object.entries(input.RequestItems ?? {}).map(([name, { Keys: keys = [], ...others }]) => {
    const unknown = Object.keys(others).find((parameter) => !BATCH_GET_PARAMETERS.includes(parameter));
    if (unknown !== undefined) throw new Error(`The fake BatchGet does not cover the parameter ${unknown}`);
    return { name, keys, project: projectorOf(others) };
  });
  const count = requests.reduce((sum, { keys }) => sum + keys.length, 0);
  if (count > MAX_KEYS) throw invalid('Too many items requested for the BatchGetItem call');

  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, { Keys: Item[] }> = {};
  for (const { name, keys, project } of requests) {
    const source = table(name);
    const texts = keys.map((key) => source.exactKeyText(key));
    if (texts.length === 0) throw invalid(`The list of keys in RequestItems for BatchGetItem is required: ${name}`);
    if (new Set(texts).size < texts.length) throw invalid(DUPLICATE_KEYS);
    const read = texts.slice(0, readCount).sort();
    const found = read.map((text) => source.get(text)).filter((item) => item !== undefined);
    responses[name] = found.map(project);
    if (read.length < keys.length) unprocessed[name] = { Keys: keys.slice(readCount) };
  }
  return { Responses: responses, UnprocessedKeys: unprocessed };
}
