import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { findApi } from './find-api.js';

const NO_FILE = new URL('file:///no/such/run.json');
const answering =
  (...urls: string[]) =>
  (url: string) =>
    Promise.resolve(urls.some((base) => url === `${base}/health/live`));

describe('findApi', () => {
  it('takes the one that is named, and prefers the option', async () => {
    const answers = answering('http://a:1', 'http://b:2');
    const around = { env: { API_URL: 'http://a:1/' }, runFile: NO_FILE, answers };
    expect(await findApi({}, around)).toEqual({ url: 'http://a:1' });
    expect(await findApi({ api: 'http://b:2/api/orders' }, around)).toEqual({ url: 'http://b:2' });
  });

  it('finds npm run local, and Compose when that is not running', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    const file = join(folder, 'run.json');
    writeFileSync(file, JSON.stringify({ urls: { API: 'http://127.0.0.1:4999/api/orders' } }));
    const around = { env: { API_PORT: '4001' }, runFile: pathToFileURL(file) };
    const local = { url: 'http://127.0.0.1:4999', foundBy: 'npm run local' };
    expect(await findApi({}, { ...around, answers: answering('http://127.0.0.1:4999') })).toEqual(local);
    const compose = { url: 'http://127.0.0.1:4001', foundBy: 'the port of Compose' };
    expect(await findApi({}, { ...around, answers: answering('http://127.0.0.1:4001') })).toEqual(compose);
    rmSync(folder, { recursive: true });
  });

  it.each([
    [{ api: 'localhost' }, 'http(s) URL'],
    [{ api: 'http://nobody:1' }, 'No API answers at http://nobody:1'],
    [{}, 'No API answers at http://127.0.0.1:3000'],
  ])('says what to do about %j', async (options, message) => {
    await expect(findApi(options, { env: {}, runFile: NO_FILE, answers: answering() })).rejects.toThrow(message);
  });
});
