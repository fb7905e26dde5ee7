import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { EventMetadata } from './envelope.js';

const IDS = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';
const EVENT_ID = 'B3F6A1DE-6F0E-4D52-9C52-3F7F0F7A54A1';

function read(change: object): { metadata: EventMetadata; problems: string[] } {
  const plain = {
    eventId: EVENT_ID,
    version: 1,
    occurredAt: '2027-03-14T15:09:26.535Z',
    correlationId: 'c',
    ...change,
  };
  const metadata = plainToInstance(EventMetadata, plain);
  return { metadata, problems: validateSync(metadata).map(({ property }) => property) };
}

describe('the context of a received event', () => {
  it.each([
    [`00-${IDS}-01`, `00-${IDS}-01`],
    [`01-${IDS}-ff-more`, `00-${IDS}-01`],
    [`ff-${IDS}-01`, undefined],
    [`00-${IDS}-01-more`, undefined],
    ['nonsense', undefined],
    ['', undefined],
  ])('with the traceparent %j is valid, and has %j', (traceparent, known) => {
    const { metadata, problems } = read({ traceparent });
    expect(problems).toEqual([]);
    expect(metadata.traceparent).toBe(known);
  });

  it.each([
    ['traceparent', 7],
    ['traceparent', null],
    ['causationId', null],
    ['causationId', ''],
  ])('is not valid with %s %j', (name, value) => {
    expect(read({ [name]: value }).problems).toEqual([name]);
  });

  it('has ids as they are stored', () => {
    const { metadata, problems } = read({ causationId: EVENT_ID });
    expect(problems).toEqual([]);
    expect([metadata.eventId, metadata.causationId]).toEqual(Array(2).fill(EVENT_ID.toLowerCase()));
  });
});
