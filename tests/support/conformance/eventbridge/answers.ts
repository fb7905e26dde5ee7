import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { verdictOf, type ConformanceCase, type Target } from '../conformance-case.js';
import { eventEntry, put } from './entries.js';

const ANSWERS = 'Answers of PutEvents';

async function answerTo(target: Target, ...entries: PutEventsRequestEntry[]): Promise<string> {
  const { FailedEntryCount: failed = 0, Entries: answers = [] } = await put(target, entries);
  const words = answers.map(({ ErrorCode, EventId }) => ErrorCode ?? (EventId ? 'an event id' : 'nothing'));
  return `${failed} failed: ${words.join(', ')}`;
}

const OVERLOOKS = 'it does not validate the entries';

export const ANSWER_CASES: ConformanceCase[] = [
  {
    group: ANSWERS,
    name: 'an unknown bus',
    expected: '0 failed: an event id',
    observe: (target, id) => answerTo(target, eventEntry(target, id, { EventBusName: 'no-such-bus' })),
  },
  {
    group: ANSWERS,
    name: 'an event that no rule matches',
    aws: 'success',
    expected: '0 failed: an event id',
    observe: (target, id) => answerTo(target, eventEntry(target, id, { DetailType: 'Nobody' })),
  },
  {
    group: ANSWERS,
    name: 'a detail that is not JSON, a list, and a valid one',
    aws: 'MalformedDetail for each',
    expected: '2 failed: MalformedDetail, MalformedDetail, an event id',
    differs: { MiniStack: { shows: '0 failed: an event id, an event id, an event id', why: OVERLOOKS } },
    observe: (target, id) => {
      const unmatched = { DetailType: 'Nobody' };
      return answerTo(
        target,
        eventEntry(target, id, { ...unmatched, Detail: 'nonsense' }),
        eventEntry(target, id, { ...unmatched, Detail: '[1]' }),
        eventEntry(target, id, unmatched),
      );
    },
  },
  {
    group: ANSWERS,
    name: 'an entry without a source',
    aws: 'InvalidArgument',
    expected: '1 failed: InvalidArgument',
    differs: { MiniStack: { shows: '0 failed: an event id', why: OVERLOOKS } },
    observe: (target, id) => {
      const { EventBusName, DetailType, Detail } = eventEntry(target, id);
      return answerTo(target, { EventBusName, DetailType, Detail });
    },
  },
  {
    group: ANSWERS,
    name: '0, 10 and 11 entries',
    aws: '1 to 10',
    expected: 'ValidationException, accepted, ValidationException',
    differs: {
      MiniStack: { shows: 'accepted, accepted, ValidationException', why: 'a call without entries does nothing' },
      LocalStack: { shows: 'accepted, accepted, ValidationException', why: 'a call without entries does nothing' },
    },
    observe: async (target, id) => {
      const verdicts: string[] = [];
      for (const length of [0, 10, 11]) {
        const entries = Array.from({ length }, () => eventEntry(target, id, { DetailType: 'Nobody' }));
        verdicts.push(await verdictOf(put(target, entries)));
      }
      return verdicts.join(', ');
    },
  },
  {
    group: ANSWERS,
    name: 'more than 256 KB',
    aws: 'refused',
    expected: 'ValidationException',
    differs: { MiniStack: { shows: 'accepted', why: OVERLOOKS } },
    observe: (target, id) => {
      const Detail = JSON.stringify({ a: 'x'.repeat(262_144) });
      return verdictOf(put(target, [eventEntry(target, id, { DetailType: 'Nobody', Detail })]));
    },
  },
];
