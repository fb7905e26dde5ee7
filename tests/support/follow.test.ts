import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { followFile } from '../../tools/local/follow.mjs';
import { waitFor } from './wait-for.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orderflow-'));
  file = join(folder, 'a.log');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('reports lines appended from now on, also in a file that is created later', async () => {
  writeFileSync(file, 'before\n');
  const seen: string[] = [];
  const stop = [file, join(folder, 'later.log')].map((one) => followFile(one, (line) => seen.push(line)));
  appendFileSync(file, 'one\ntw');
  await waitFor('one', () => Promise.resolve(seen.length === 1));
  appendFileSync(file, 'o\n');
  await waitFor('two', () => Promise.resolve(seen.length === 2));
  writeFileSync(join(folder, 'later.log'), 'three\n');
  await waitFor('three', () => Promise.resolve(seen.length === 3));
  truncateSync(file);
  appendFileSync(file, '4\nfive');
  for (const end of stop) end();
  expect(seen).toEqual(['one', 'two', 'three', '4', 'five']);
});

it('reports a character intact that came in two writes', async () => {
  const seen: string[] = [];
  const stop = followFile(file, (line) => seen.push(line));
  const bytes = Buffer.from('first\n100 €\n');
  appendFileSync(file, bytes.subarray(0, -3));
  await waitFor('first', () => Promise.resolve(seen.length === 1));
  appendFileSync(file, bytes.subarray(-3));
  stop();
  expect(seen).toEqual(['first', '100 €']);
});
