import { BatchGetCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { verdictOf, type ConformanceCase } from '../conformance-case.js';
import { batch, insert } from './requests.js';

/** The attributes that a read with a projection shows. */
const shownBy = (item: Record<string, unknown> | undefined): string =>
  Object.keys(item ?? {})
    .sort()
    .join('+') || 'nothing';

const PROJECTED = {
  ProjectionExpression: '#a0, #a1, #a2',
  ExpressionAttributeNames: { '#a0': 'orderId', '#a1': 'status', '#a2': 'not-there' },
};

export const READS_BY_KEY: ConformanceCase[] = [
  {
    group: 'Reads by key',
    name: 'BatchGet of a key twice, of 101 keys, of a missing item',
    aws: 'refused, refused, left out',
    expected: 'ValidationException, ValidationException, 1 item',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const table = target.names.ordersTable;
      const get = (ids: string[]) =>
        target.dynamo.send(
          new BatchGetCommand({ RequestItems: { [table]: { Keys: ids.map((orderId) => ({ orderId })) } } }),
        );
      const twice = await verdictOf(get([id, id]));
      const tooMany = await verdictOf(get(Array.from({ length: 101 }, (_, index) => `${id}-${index}`)));
      const { Responses: found } = await get([id, `${id}-missing`]);
      return `${twice}, ${tooMany}, ${found?.[table]?.length ?? 0} item`;
    },
  },
  {
    group: 'Reads by key',
    name: 'Get and BatchGet return the named attributes that exist, and no missing item',
    aws: 'the same',
    expected: 'orderId+status, orderId+status, nothing',
    observe: async (target, id) => {
      const { dynamo, names } = target;
      await batch(target, insert(target, id));
      const get = (orderId: string) =>
        dynamo.send(
          new GetCommand({ TableName: names.ordersTable, Key: { orderId }, ConsistentRead: true, ...PROJECTED }),
        );
      const request = { Keys: [{ orderId: id }], ConsistentRead: true, ...PROJECTED };
      const many = await dynamo.send(new BatchGetCommand({ RequestItems: { [names.ordersTable]: request } }));
      const [one, none] = [await get(id), await get(`${id}-missing`)];
      return [one.Item, many.Responses?.[names.ordersTable]?.[0], none.Item].map(shownBy).join(', ');
    },
  },
  {
    group: 'Reads by key',
    name: 'an unused name, or an undefined one',
    aws: 'refused',
    expected: 'ValidationException, ValidationException',
    observe: async ({ dynamo, names }, id) => {
      const verdict = (change: object) =>
        verdictOf(
          dynamo.send(new GetCommand({ TableName: names.ordersTable, Key: { orderId: id }, ...PROJECTED, ...change })),
        );
      const unused = await verdict({ ProjectionExpression: '#a0' });
      return `${unused}, ${await verdict({ ExpressionAttributeNames: { '#a0': 'orderId' } })}`;
    },
  },
];
