/**
 * A stub of DynamoDB, SQS and EventBridge for the flooded API. An emulator needs seconds for a page of 100 large
 * orders, so the test would measure the emulator. Large orders have the maximum size that the API accepts: 94 KB of
 * JSON.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const LARGE_ORDERS = 100;
const text = (/** @type {string} */ value) => ({ S: value });
const number = (/** @type {number} */ value) => ({ N: String(value) });

const lines = Array.from({ length: 100 }, (_, line) => ({
  M: {
    productId: text(`product-${line}`),
    productName: text('\u{1F4D6}'.repeat(200)),
    quantity: number(1),
    unitPrice: number(1),
  },
}));

/** @typedef {Record<string, object>} Item */
/** @type {Map<string, Item>} by order id */
const orders = new Map();

for (let index = 0; index < LARGE_ORDERS; index++) {
  const orderId = randomUUID();
  const at = new Date(Date.now() - index).toISOString();
  orders.set(orderId, {
    ...{ orderId: text(orderId), status: text('PENDING'), version: number(1), customerId: text('customer-1') },
    ...{ items: { L: lines }, totalAmount: number(100), createdAt: text(at), updatedAt: text(at) },
    ...{ lastReplayId: text(''), correlationId: text('large'), createdAtId: text(`${at}#${orderId}`) },
    timeline: { M: { accepted: { M: { at: text(at), version: number(1) } } } },
  });
}
const largeIds = [...orders.keys()];
const month = new Date().toISOString().slice(0, 7);

/**
 * @param {Record<string, { S: string }>} key
 * @param {Record<string, string> | undefined} names of the requested attributes
 */
function read(key, names) {
  const item = orders.get(Object.values(key)[0]?.S ?? '');
  if (!item || !names) return item;
  const wanted = new Set(Object.values(names));
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)));
}

/** @param {{ Statement: string, Parameters: object[] }} statement an insert, as the API writes it */
function insert({ Statement, Parameters }) {
  const names = [...Statement.matchAll(/'(\w+)': \?/g)].map(([, name]) => String(name));
  const item = Object.fromEntries(names.map((name, index) => [name, Parameters[index] ?? {}]));
  if (item.orderId) orders.set(/** @type {{ S: string }} */ (item.orderId).S, /** @type {Item} */ (item));
}

/** @type {Record<string, (input: any) => object>} by operation */
const OPERATIONS = {
  GetItem: ({ Key, ExpressionAttributeNames }) => ({ Item: read(Key, ExpressionAttributeNames) }),
  BatchGetItem: ({ RequestItems }) => ({
    Responses: Object.fromEntries(
      Object.entries(RequestItems).map(([table, { Keys, ExpressionAttributeNames }]) => [
        table,
        Keys.map((/** @type {any} */ key) => read(key, ExpressionAttributeNames)).filter(Boolean),
      ]),
    ),
  }),
  Query: ({ ExpressionAttributeValues, Limit }) =>
    Object.values(ExpressionAttributeValues).some((value) => value.S === `${month}#0`)
      ? {
          Items: largeIds
            .slice(0, Limit)
            .map((id) => ({ orderId: text(id), createdAtId: orders.get(id)?.createdAtId })),
        }
      : { Items: [] },
  BatchExecuteStatement: ({ Statements }) => {
    for (const statement of Statements) insert(statement);
    return { Responses: Statements.map(() => ({})) };
  },
  PutEvents: ({ Entries }) => ({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: randomUUID() })) }),
  GetQueueUrl: ({ QueueName }) => ({ QueueUrl: `http://aws/${QueueName}` }),
  GetQueueAttributes: ({ AttributeNames = [] }) => ({
    Attributes: Object.fromEntries(AttributeNames.map((/** @type {string} */ name) => [name, '0'])),
  }),
};

createServer(async (request, response) => {
  if (request.url === '/large-orders') {
    response.end(JSON.stringify(largeIds));
    return;
  }
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
  const answer = OPERATIONS[operation]?.(JSON.parse(body));
  response.writeHead(answer ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(answer ?? { __type: 'UnknownOperationException' }));
}).listen(4566);
