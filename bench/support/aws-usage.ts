/** What AWS would charge for the calls, computed from requests and responses. */

/** An attribute value in wire form. */
type WireValue = Record<string, unknown>;
export type WireItem = Record<string, WireValue>;

/** Counted since a proxy started. Everything but `calls` has a price. */
export type Usage = {
  /** By operation, for example `SQS ReceiveMessage`. */
  calls: Map<string, number>;
  emptyReceives: number;
  /** Each 64 KB of a call counts as a request. */
  sqsRequests: number;
  /** Each 64 KB of an entry counts as an event. */
  events: number;
  /** Write units of inserts and puts, whose size is in the call. */
  insertUnits: number;
  /** Updates and deletes. Each costs the units of its item, which the call does not show. */
  updates: number;
  /** Writes to secondary indexes. Each costs one unit, because the entries are keys only. */
  indexWrites: number;
  readUnits: number;
};

export const newUsage = (): Usage => ({
  calls: new Map(),
  ...{ emptyReceives: 0, sqsRequests: 0, events: 0 },
  ...{ insertUnits: 0, updates: 0, indexWrites: 0, readUnits: 0 },
});

/** The index keys in infrastructure/template.yaml. An item is in an index only if it has both keys. */
const INDEX_KEYS = [
  ['outboxShard', 'outboxAt'],
  ['customerId', 'createdAtId'],
  ['listBucket', 'createdAtId'],
] as const;

const KB = 1_024;
const REQUEST_BYTES = 64 * KB;

function valueBytes(value: WireValue): number {
  const [[type, content] = ['NULL', true]] = Object.entries(value);
  if (type === 'S') return Buffer.byteLength(content as string);
  if (type === 'N') return Math.ceil((content as string).length / 2) + 1;
  if (type === 'L') return (content as WireValue[]).reduce((sum, part) => sum + valueBytes(part) + 1, 3);
  if (type === 'M') return itemBytes(content as WireItem) + Object.keys(content as WireItem).length + 3;
  return 1;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function itemBytes(item: WireItem): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

export const writeUnitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / KB));
const readUnitsOf = (bytes: number, consistent: unknown): number =>
  Math.max(1, Math.ceil(bytes / (4 * KB))) * (consistent ? 1 : 0.5);

function countInsert(usage: Usage, item: WireItem): void {
  usage.insertUnits += writeUnitsOf(itemBytes(item));
  usage.indexWrites += INDEX_KEYS.filter((keys) => keys.every((key) => key in item)).length;
}

/** Changing an index key is a delete and a put; removing it is a delete. */
function countUpdate(usage: Usage, set: readonly string[], removed: readonly string[]): void {
  usage.updates++;
  for (const keys of INDEX_KEYS) {
    if (keys.some((key) => removed.includes(key))) usage.indexWrites += 1;
    else if (keys.some((key) => set.includes(key))) usage.indexWrites += 2;
  }
}

type PartiQl = { Statement?: string; Parameters?: WireValue[]; ConsistentRead?: boolean };

const attributesAfter = (word: string, text: string): string[] =>
  [...text.matchAll(new RegExp(`\\b${word} "(\\w+)"`, 'g'))].map(([, name = '']) => name);

function countStatement(usage: Usage, { Statement: text = '', Parameters: values = [], ...rest }: PartiQl): void {
  const [verb = ''] = /\w+/.exec(text) ?? [];
  if (verb === 'INSERT') {
    const names = [...text.matchAll(/'(\w+)':/g)].map(([, name = '']) => name);
    countInsert(usage, Object.fromEntries(names.map((name, index) => [name, values[index] ?? {}])));
  } else if (verb === 'SELECT') {
    usage.readUnits += readUnitsOf(0, rest.ConsistentRead);
  } else {
    countUpdate(usage, attributesAfter('SET', text), attributesAfter('REMOVE', text));
  }
}

/** The names that an update expression sets and removes. */
function updatedBy({ UpdateExpression: text = '', ExpressionAttributeNames: names = {} }: UpdateItem) {
  const removed = /\bREMOVE\s+(.*?)(?=\b(?:SET|ADD|DELETE)\s|$)/s.exec(text)?.[1] ?? '';
  const namesIn = (part: string): string[] => [...part.matchAll(/#?\w+/g)].map(([name]) => names[name] ?? name);
  return { set: namesIn(text.replace(removed, '')), removed: namesIn(removed) };
}

type UpdateItem = { UpdateExpression?: string; ExpressionAttributeNames?: Record<string, string> };
type Body = PartiQl &
  UpdateItem & {
    Statements?: PartiQl[];
    Item?: WireItem;
    Entries?: { Detail?: string }[];
    RequestItems?: Record<string, { ConsistentRead?: boolean; Keys?: WireItem[] }>;
  };
type Answer = {
  Item?: WireItem;
  Items?: WireItem[];
  Messages?: unknown[];
  Responses?: Record<string, WireItem[]>;
};

const sizeOfAll = (items: readonly WireItem[] = []): number => items.reduce((sum, item) => sum + itemBytes(item), 0);

/** By operation. Operations that are not listed, such as descriptions, are free. */
const COUNTERS: Record<string, (usage: Usage, body: Body, answer: Answer) => void> = {
  'DynamoDB BatchExecuteStatement': (usage, { Statements: statements = [] }) => {
    for (const statement of statements) countStatement(usage, statement);
  },
  'DynamoDB ExecuteStatement': (usage, body) => {
    countStatement(usage, body);
  },
  'DynamoDB PutItem': (usage, { Item: item = {} }) => {
    countInsert(usage, item);
  },
  'DynamoDB UpdateItem': (usage, body) => {
    const { set, removed } = updatedBy(body);
    countUpdate(usage, set, removed);
  },
  'DynamoDB GetItem': (usage, { ConsistentRead: consistent }, { Item: item = {} }) => {
    usage.readUnits += readUnitsOf(itemBytes(item), consistent);
  },
  'DynamoDB BatchGetItem': (usage, { RequestItems: asked = {} }, { Responses: found = {} }) => {
    for (const [table, { ConsistentRead: consistent, Keys: keys = [] }] of Object.entries(asked)) {
      const sizes = keys.map((_, index) => itemBytes(found[table]?.[index] ?? {}));
      usage.readUnits += sizes.reduce((sum, bytes) => sum + readUnitsOf(bytes, consistent), 0);
    }
  },
  'DynamoDB Query': (usage, { ConsistentRead: consistent }, { Items: items }) => {
    usage.readUnits += readUnitsOf(sizeOfAll(items), consistent);
  },
  'EventBridge PutEvents': (usage, { Entries: entries = [] }) => {
    for (const { Detail: detail = '' } of entries) {
      usage.events += Math.max(1, Math.ceil(Buffer.byteLength(detail) / REQUEST_BYTES));
    }
  },
  'SQS ReceiveMessage': (usage, _, { Messages: messages = [] }) => {
    if (messages.length === 0) usage.emptyReceives++;
  },
};

/** Adds a call and its response. A call whose condition fails costs the same. */
export function countCall(usage: Usage, name: string, request: string, answer: string): void {
  usage.calls.set(name, (usage.calls.get(name) ?? 0) + 1);
  if (name.startsWith('SQS ')) {
    const bytes = Math.max(Buffer.byteLength(request), Buffer.byteLength(answer));
    usage.sqsRequests += Math.max(1, Math.ceil(bytes / REQUEST_BYTES));
  }
  COUNTERS[name]?.(usage, JSON.parse(request || '{}') as Body, JSON.parse(answer || '{}') as Answer);
}

/** The difference between two states of the same usage. */
export function usageSince(before: Usage, after: Usage): Usage {
  const calls = [...after.calls].map(([name, count]) => [name, count - (before.calls.get(name) ?? 0)] as const);
  return {
    calls: new Map(calls.filter(([, count]) => count > 0)),
    emptyReceives: after.emptyReceives - before.emptyReceives,
    sqsRequests: after.sqsRequests - before.sqsRequests,
    events: after.events - before.events,
    insertUnits: after.insertUnits - before.insertUnits,
    updates: after.updates - before.updates,
    indexWrites: after.indexWrites - before.indexWrites,
    readUnits: after.readUnits - before.readUnits,
  };
}

export const callsIn = (usage: Usage): number => [...usage.calls.values()].reduce((sum, count) => sum + count, 0);
