import { expect, it } from '@jest/globals';
import type { DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { select } from './select.js';

const NOW_MS = Date.UTC(2027, 2, 14, 15);
const ID = '5fea7756-0ea4-451a-a703-a558b933e274';

const aLetter = (firstReceivedAt: string) =>
  ({ code: 'NOT_JSON', messageId: ID, originalMessageId: ID, firstReceivedAt, event: { orderId: ID } }) as DeadLetter;

it.each([
  '2027-03-14',
  '2027-03-14T15:00Z',
  '2027-03-14T15:00:00.5Z',
  '2028-02-29',
  '2027-03-14T15:00:00+01:00',
  '2h',
  '30m',
])('accepts %s as a time', (text) => {
  expect(() => select({ since: text, until: text }, NOW_MS)).not.toThrow();
});

it.each([
  '5',
  '2027',
  'May 1',
  '1/2/2027',
  '2027-02-30',
  '2027-13-01',
  '2027-03-14 15:00',
  '+2h',
  '0x2h',
  '2.5h',
  '',
  'now',
])('refuses %j as a time, and says what is accepted', (text) => {
  expect(() => select({ since: text }, NOW_MS)).toThrow(/^--since takes a time such as/);
  expect(() => select({ until: text }, NOW_MS)).toThrow(/^--until takes a time such as/);
});

it('accepts ids in upper and lower case', () => {
  for (const id of [ID, ID.toUpperCase(), ` ${ID} `]) {
    expect(select({ order: id }, NOW_MS).matches(aLetter('2027-03-14T15:00:00Z'))).toBe(true);
    expect(select({ id }, NOW_MS).matches(aLetter('2027-03-14T15:00:00Z'))).toBe(true);
  }
  expect(select({ id: ID.replace('5', '6') }, NOW_MS).matches(aLetter('2027-03-14T15:00:00Z'))).toBe(false);
});
