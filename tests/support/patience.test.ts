import { describe, expect, it } from '@jest/globals';
import { createPatience } from '../../tools/local/patience.mjs';

describe('patience', () => {
  it.each([
    ['is over after its time', [1_000, 1_000, 1_000, 1_001], [false, false, false, true]],
    ['counts a standstill as one round', [100, 90_000, 100, 100, 1_000], [false, false, false, false, true]],
    ['ends for a wait that stands still again and again', [90_000, 90_000], [false, true]],
  ])('%s', (_name, rounds, expected) => {
    let ms = 7;
    const patience = createPatience(4_000, () => ms);
    const seen = rounds.map((roundMs) => {
      ms += roundMs;
      return patience.isOver();
    });
    expect(seen).toEqual(expected);
  });
});
