import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventIdFor, fulfilmentKeyFor, idForKey, newId, notificationIdFor, replayIdFor } from './ids.js';

const V5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('ids', () => {
  it('are different each time, and grow with time', () => {
    const ids = Array.from({ length: 1_000 }, newId);
    expect(new Set(ids).size).toBe(1_000);
    expect([...ids].sort()).toEqual(ids);
  });

  // Stored ids and events that were published depend on these: they never change.
  it('derived from the same values never change', () => {
    expect({
      order: idForKey('order', 'customer-1', 'key'),
      notification: idForKey('notification', 'customer-1', 'key'),
      event: eventIdFor('018f0000-0000-7000-8000-000000000000', 'OrderCreated', 1),
      outcome: notificationIdFor('018f0000-0000-7000-8000-000000000000'),
      replay: replayIdFor('445bcfa6-c5e3-4a92-a831-c836677f9370'),
      fulfilment: fulfilmentKeyFor('018f0000-0000-7000-8000-000000000000', 'replay-1'),
    }).toMatchInlineSnapshot(`
      {
        "event": "2a15742c-941a-5d74-9517-16c980a144fd",
        "fulfilment": "01dfeb8f-7bd1-5767-929c-f4b00d42d14f",
        "notification": "757b88ab-777f-5ee3-8371-04f176f9ab02",
        "order": "9b94ad75-4dc0-5a1a-9067-e6041468fd71",
        "outcome": "2018b80c-6895-5577-a498-bee6b764d279",
        "replay": "de316336-e7b8-5ea8-a3bf-ed6a6946e7cd",
      }
    `);
  });

  it('are different when owner, key, kind, type or version is', () => {
    const ids = [
      idForKey('order', 'a', 'bc'),
      idForKey('order', 'ab', 'c'),
      idForKey('order', 'a', 'b'),
      idForKey('notification', 'a', 'bc'),
      eventIdFor('a', 'OrderCreated', 1),
      eventIdFor('a', 'OrderCreated', 2),
      eventIdFor('a', 'OrderFailed', 1),
      eventIdFor('b', 'OrderCreated', 1),
      notificationIdFor('a'),
      notificationIdFor('b'),
      replayIdFor('a'),
      replayIdFor('b'),
      fulfilmentKeyFor('a', 'b'),
      fulfilmentKeyFor('a', 'c'),
      fulfilmentKeyFor('b', 'a'),
    ];
    expect(fulfilmentKeyFor('a', '')).toBe('a');
    expect(replayIdFor('a')).toBe(replayIdFor('a'));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => V5.test(id))).toBe(true);
  });

  it('do not collide when characters move from the owner to the key', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ minLength: 1 }), (a, b, moved) => {
        return idForKey('order', a + moved, b) !== idForKey('order', a, moved + b);
      }),
    );
  });
});
