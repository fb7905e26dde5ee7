import { verdictOf, type ConformanceCase } from '../conformance-case.js';
import { batch, batchOf, insert, orders, outcomesOf, update, versionOf } from './requests.js';

const ONE_BY_ONE = 'it runs the statements one by one';

export const BATCHES: ConformanceCase[] = [
  {
    group: 'Batches of statements',
    name: 'each statement has its own outcome, in order',
    aws: 'the same',
    expected: 'ok, DuplicateItem, ConditionalCheckFailed, ok; version 2',
    observe: async (target, id) => {
      await batch(target, insert(target, `${id}a`), insert(target, `${id}b`), insert(target, `${id}c`));
      const outcomes = await batch(
        target,
        insert(target, id),
        insert(target, `${id}a`),
        update(target, `${id}b`, 9),
        update(target, `${id}c`, 1),
      );
      return `${outcomes}; version ${String(await versionOf(target, `${id}c`))}`;
    },
  },
  {
    group: 'Batches of statements',
    name: 'a refused condition shows the item only when asked with ALL_OLD',
    aws: 'the same',
    expected: 'ConditionalCheckFailed+item; without ConditionalCheckFailed',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const refused = [update(target, id, 9)];
      const shown = await outcomesOf(target, batchOf(refused, 'ALL_OLD'));
      return `${shown}; without ${await outcomesOf(target, batchOf(refused))}`;
    },
  },
  {
    group: 'Batches of statements',
    name: 'a duplicate shows no item, even with ALL_OLD',
    expected: 'DuplicateItem',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      return outcomesOf(target, batchOf([insert(target, id)], 'ALL_OLD'));
    },
  },
  {
    group: 'Batches of statements',
    name: 'an invalid statement does not affect the others',
    expected: 'ValidationError, ok',
    observe: (target, id) =>
      batch(target, [`UPDATE ${orders(target)} SET "a" = ? WHERE "status" = ?`, [1, 'x']], insert(target, id)),
  },
  {
    group: 'Batches of statements',
    name: 'an unknown table does not affect the others',
    expected: 'ResourceNotFound, ok',
    observe: (target, id) =>
      batch(target, [`UPDATE "no-such-table" SET "a" = ? WHERE "b" = ?`, [1, id]], insert(target, id)),
  },
  {
    group: 'Batches of statements',
    name: 'the same key twice',
    expected: 'ValidationException, nothing applied',
    differs: {
      MiniStack: { shows: 'accepted, both applied', why: ONE_BY_ONE },
      LocalStack: { shows: 'ValidationException, both applied', why: 'DynamoDB Local checks for duplicates too late' },
    },
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const verdict = await verdictOf(target.dynamo.send(batchOf([update(target, id, 1), update(target, id, 2)])));
      const applied = { 1: 'nothing applied', 2: 'one applied', 3: 'both applied' }[
        Number(await versionOf(target, id))
      ];
      return `${verdict}, ${applied ?? '?'}`;
    },
  },
  {
    group: 'Batches of statements',
    name: 'the same key in an INSERT and an UPDATE',
    expected: 'ValidationException',
    differs: { MiniStack: { shows: 'accepted', why: ONE_BY_ONE } },
    observe: (target, id) => verdictOf(target.dynamo.send(batchOf([insert(target, id), update(target, id, 1)]))),
  },
  {
    group: 'Batches of statements',
    name: '0, 25 and 26 statements',
    aws: '1 to 25',
    expected: 'ValidationException, accepted, ValidationException',
    observe: async (target, id) => {
      const verdicts: string[] = [];
      for (const count of [0, 25, 26]) {
        const requests = Array.from({ length: count }, (_, index) => insert(target, `${id}-${count}-${index}`));
        verdicts.push(await verdictOf(target.dynamo.send(batchOf(requests))));
      }
      return verdicts.join(', ');
    },
  },
  {
    group: 'Batches of statements',
    name: 'ten updates at once, each on condition of the same version',
    aws: 'one is applied',
    expected: '1 applied, version 2',
    observe: async (target, id) => {
      await batch(target, insert(target, id));
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => batch(target, update(target, id, 1))));
      const applied = outcomes.filter((outcome) => outcome === 'ok').length;
      return `${applied} applied, version ${String(await versionOf(target, id))}`;
    },
  },
];
