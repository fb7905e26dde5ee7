import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { followFile } from '../../tools/local/follow.mjs';

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
  await eventually(async () => seen.length === 1, 'one');
  appendFileSync(file, 'o\n');
  await eventually(async () => seen.length === 2, 'two');
  writeFileSync(join(folder, 'later.log'), 'three\n');
  await eventually(async () => seen.length === 3, 'three');
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
  await eventually(async () => seen.length === 1, 'first');
  appendFileSync(file, bytes.subarray(-3));
  stop();
  expect(seen).toEqual(['first', '100 €']);
});
