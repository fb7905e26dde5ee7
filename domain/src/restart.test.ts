import { describe, expect, it } from '@jest/globals';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { replayIdFor } from './ids.js';
import type { OrderRecord } from './orders/order.js';
import { restartIdFor, whyNotRestartable } from './restart.js';

const FAILURE = { code: 'RETRIES_EXHAUSTED', message: 'Not finished.', retriable: true };

function failed(change: Partial<OrderRecord> = {}): OrderRecord {
  return { ...aStoredOrder(), status: 'FAILED', version: 7, effects: 1, failure: FAILURE, ...change };
}

describe('restartIdFor', () => {
  const at = '2027-03-14T15:00:00.000Z';

  it('is the replay id of the dead letter of the current life', () => {
    const timeline = {
      'dead-lettered_4': { at, version: 4, messageId: 'm1' },
      'dead-lettered_7': { at, version: 7, messageId: 'm2' },
    };
    expect(restartIdFor('o1', failed({ timeline }))).toBe(replayIdFor('m2'));
    // The letter has already started this life, which has failed again.
    const again = restartIdFor('o1', failed({ timeline, lastReplayId: replayIdFor('m2') }));
    expect(again).not.toBe(replayIdFor('m2'));
  });

  it('differs for each life of an item without a dead letter', () => {
    const earlier = { 'dead-lettered_4': { at, version: 4, messageId: 'm1' } };
    const ids = [7, 9].map((version) => restartIdFor('o1', failed({ version, timeline: earlier })));
    expect(new Set([...ids, restartIdFor('o2', failed()), replayIdFor('m1')]).size).toBe(4);
    expect(restartIdFor('o1', failed())).toBe(ids[0]);
  });
});

describe('whyNotRestartable', () => {
  it.each([
    [{}, undefined],
    [{ status: 'COMPLETED' as const }, 'it is COMPLETED; only a FAILED item can be started again'],
    [
      { failure: { ...FAILURE, code: 'OUT_OF_STOCK', retriable: false } },
      'it was refused for good: OUT_OF_STOCK, Not finished.',
    ],
    [{ erasedOn: '2027-03-14' }, 'its personal data was erased, so it cannot be started again'],
  ])('of %j is %s', (change, why) => {
    expect(whyNotRestartable(failed(change))).toBe(why);
  });
});
