import type { QueryCommandInput, ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Source } from './fake-table.js';
import { invalid } from './statement-failure.js';
import { compareScalars, type Item } from './values.js';

type Page = { Items?: Item[]; Count: number; ScannedCount: number; LastEvaluatedKey?: Item };

const KEY_CONDITION =
  /^(?<partition>#\w+) = (?<value>:\w+)(?: AND (?<sort>#\w+) (?:(?<operator><=|>=|<|>|=) (?<bound>:\w+)|BETWEEN (?<from>:\w+) AND (?<to>:\w+)))?$/;

function satisfies(actual: unknown, operator: string, bound: unknown): boolean {
  const order = compareScalars(actual, bound) ?? NaN;
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  if (operator === '>') return order > 0;
  if (operator === '>=') return order >= 0;
  return order === 0;
}

/** What the key condition says of a row; every placeholder must be given, and used. */
function matcherOf(source: Source, input: QueryCommandInput): (row: Item) => boolean {
  const expression = (input.KeyConditionExpression ?? '').trim().replaceAll(/\s+/g, ' ');
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
  for (const text of [groups.bound, groups.from, groups.to]) {
    if (sort !== undefined && text !== undefined) source.checkType(sort, valueOf(text));
  }
  return (row) => {
    if (!satisfies(row[partition], '=', valueOf(groups.value))) return false;
    if (sort === undefined || groups.sort === undefined) return true;
    if (groups.operator !== undefined) return satisfies(row[sort], groups.operator, valueOf(groups.bound));
    return satisfies(row[sort], '>=', valueOf(groups.from)) && satisfies(row[sort], '<=', valueOf(groups.to));
  };
}

type PageOptions = Pick<ScanCommandInput, 'ExclusiveStartKey' | 'Limit' | 'Select'> & {
  forward: boolean;
  /** Stands for the service's 1 MB: a page may end early, whatever the limit. */
  longestPage: number;
};

function pageOf(source: Source, matching: Item[], options: PageOptions): Page {
  const { ExclusiveStartKey: start, Limit: limit = Infinity, Select: select, forward, longestPage } = options;
  if (limit < 1) throw invalid('Limit must be greater than or equal to 1');
  if (select !== undefined && select !== 'COUNT') throw new Error(`The fake covers no Select ${select}`);
  const hasCursorKeys = (key: Item) =>
    Object.keys(key).length === source.cursor.length && source.cursor.every((name) => key[name] !== undefined);
  if (start && !hasCursorKeys(start)) throw invalid('The provided starting key is invalid');

  const direction = forward ? 1 : -1;
  const ordered = forward ? matching : matching.toReversed();
  const rest = start ? ordered.filter((row) => source.compare(row, start) * direction > 0) : ordered;
  const items = rest.slice(0, Math.min(limit, longestPage));
  const last = items.at(-1);
  // As the service: a page that is full has a LastEvaluatedKey, even if nothing comes after it.
  const isFull = last !== undefined && (items.length === limit || items.length < rest.length);
  return {
    ...(select === 'COUNT' ? {} : { Items: items }),
    Count: items.length,
    ScannedCount: items.length,
    ...(isFull ? { LastEvaluatedKey: Object.fromEntries(source.cursor.map((name) => [name, last[name]])) } : {}),
  };
}

export function query(source: Source, input: QueryCommandInput, longestPage: number): Page {
  if (source.isIndex && input.ConsistentRead) {
    throw invalid('Consistent reads are not supported on global secondary indexes');
  }
  const matches = matcherOf(source, input);
  if (input.ExclusiveStartKey && !matches(input.ExclusiveStartKey)) {
    throw invalid('The provided starting key is outside query boundaries based on provided conditions');
  }
  return pageOf(source, source.rows().filter(matches), {
    ...input,
    forward: input.ScanIndexForward ?? true,
    longestPage,
  });
}

export function scan(source: Source, input: ScanCommandInput, longestPage: number): Page {
  const page = pageOf(source, source.rows(), { ...input, forward: true, longestPage });
  const { ProjectionExpression: projection, ExpressionAttributeNames: names = {} } = input;
  if (projection === undefined) return page;
  const wanted = new Set(projection.split(',').map((name) => names[name.trim()] ?? name.trim()));
  const project = (item: Item) => Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)));
  return { ...page, Items: page.Items?.map(project) ?? [] };
}
