import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { toForeignAttributes } from './dead-letters/dead-letter.js';
import { copyStart } from './copied-text.js';

it.each([
  ['', 2, ''],
  ['ab', 2, 'ab'],
  ['abc', 2, 'ab'],
  ['😀😀😀', 2, '😀😀'],
  ['a😀b', 2, 'a😀'],
])('copies the first characters of %j, at most %i', (text, max, copied) => {
  expect(copyStart(text, max)).toBe(copied);
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that the result of `make` keeps in memory. */
function keptBy(make: () => unknown): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const result = make();
  collectGarbage();
  const kept = process.memoryUsage().heapUsed - before;
  return result === undefined ? 0 : kept;
}

it('does not keep a long attribute of a dead letter in memory when it shows the start of it', () => {
  const shown = () =>
    Array.from({ length: 40 }, (_, index) => {
      const value = Buffer.alloc(500_000, `${index} `).toString('latin1');
      return toForeignAttributes({ trace: { type: 'String', value } });
    });
  expect(keptBy(shown)).toBeLessThan(5_000_000);
});
