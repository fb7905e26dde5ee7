import type { QueryCommandInput, ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { projectorOf } from './fake-projection.js';
import type { Source } from './fake-table.js';
import { invalid } from './statement-failure.js';
import { compareScalars, type Item } from './values.js';

type Page = { Items?: Item[]; Count: number; ScannedCount: number; LastEvaluatedKey?: Item };

const KEY_CONDITION = /^(?<partition>#\w+) = (?<value>:\w+)(?: AND (?<sort>#\w+) (?<operator><=|<|>) (?<bound>:\w+))?$/;

function satisfies(actual: unknown, operator: string, bound: unknown): boolean {
  const order = compareScalars(actual, bound) ?? NaN;
  if (operator === '>') return order > 0;
  return operator === '<' ? order < 0 : order <= 0;
}

/** Tests a row against the key condition. Every placeholder must be defined, and used. */
function matcherOf(source: Source, input: QueryCommandInput): (row: Item) => boolean {
  const expression = input.KeyConditionExpression ?? '';
  const groups = KEY_CONDITION.exec(expression)?.groups;
  if (!groups) throw new Error(`The fake Query does not cover the key condition: ${expression}`);

  const placeholders = Object.values(groups).filter((text) => /^[#:]/.test(text));
  const given: Item = { ...input.ExpressionAttributeNames, ...input.ExpressionAttributeValues };
  const undefinedOne = placeholders.find((text) => given[text] === undefined);
  if (undefinedOne) throw invalid(`Invalid KeyConditionExpression: ${undefinedOne} is used but not defined`);
  const unused = Object.keys(given).find((name) => !placeholders.includes(name));
  if (unused) throw invalid(`Value provided in ExpressionAttributeNames or -Values unused in expressions: ${unused}`);

  const valueOf = (placeholder: string | undefined) => given[placeholder ?? ''];
  const { partition, sort } = source.key;
  if (valueOf(groups.partition) !== partition || (groups.sort !== undefined && valueOf(groups.sort) !== sort)) {
    throw invalid('Query condition missed key schema element');
  }
  source.checkType(partition, valueOf(groups.value));
  if (sort !== undefined && groups.bound !== undefined) source.checkType(sort, valueOf(groups.bound));
  return (row) => {
    if (row[partition] !== valueOf(groups.value)) return false;
    if (sort === undefined || groups.operator === undefined) return true;
    return satisfies(row[sort], groups.operator, valueOf(groups.bound));
  };
}

type PageOptions = Pick<ScanCommandInput, 'ExclusiveStartKey' | 'Limit' | 'Select'> & { forward: boolean };

function pageOf(source: Source, matching: Item[], options: PageOptions): Page {
  const { ExclusiveStartKey: start, Limit: limit = Infinity, Select: select, forward } = options;
  if (limit < 1) throw invalid('Limit must be greater than or equal to 1');
  if (select !== undefined && select !== 'COUNT') throw new Error(`The fake covers no Select ${select}`);
  const hasCursorKeys = (key: Item) =>
    Object.keys(key).length === source.cursor.length && source.cursor.every((name) => key[name] !== undefined);
  if (start && !hasCursorKeys(start)) throw invalid('The provided starting key is invalid');

  const direction = forward ? 1 : -1;
  const ordered = forward ? matching : matching.toReversed();
  const rest = start ? ordered.filter((row) => source.compare(row, start) * direction > 0) : ordered;
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  // As in DynamoDB, a full page has a LastEvaluatedKey even when nothing follows it.
  const isFull = last !== undefined && items.length === limit;
  return {
    ...(select === 'COUNT' ? {} : { Items: items }),
    Count: items.length,
    ScannedCount: items.length,
    ...(isFull ? { LastEvaluatedKey: Object.fromEntries(source.cursor.map((name) => [name, last[name]])) } : {}),
  };
}

export function query(source: Source, input: QueryCommandInput): Page {
  if (source.isIndex && input.ConsistentRead) {
    throw invalid('Consistent reads are not supported on global secondary indexes');
  }
  const matches = matcherOf(source, input);
  if (input.ExclusiveStartKey && !matches(input.ExclusiveStartKey)) {
    throw invalid('The provided starting key is outside query boundaries based on provided conditions');
  }
  return pageOf(source, source.rows().filter(matches), { ...input, forward: input.ScanIndexForward ?? true });
}

export function scan(source: Source, input: ScanCommandInput): Page {
  const page = pageOf(source, source.rows(), { ...input, forward: true });
  return { ...page, Items: page.Items?.map(projectorOf(input)) ?? [] };
}
