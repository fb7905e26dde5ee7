import { expect, it } from '@jest/globals';
import { Recent } from './recent.js';

it('remembers a bounded number of values, the latest ones', () => {
  const recent = new Recent<number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.set('a', 3);
  recent.set('c', 4);
  expect(['a', 'b', 'c'].map((id) => recent.get(id))).toEqual([3, undefined, 4]);
});
