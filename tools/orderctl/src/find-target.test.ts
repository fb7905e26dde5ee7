import { describe, expect, it } from '@jest/globals';
import { findApi, type Surroundings } from './find-target.js';

const around = (env: NodeJS.ProcessEnv, ...answering: string[]): Surroundings => ({
  env,
  setting: (variable) => env[variable],
  find: (part) => Promise.resolve({ url: `http://127.0.0.1:4999/${part}`, foundBy: 'npm run local' }),
  credentialsAt: () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
  answers: (url) => Promise.resolve(answering.some((base) => url === `${base}/health/live`)),
});

describe('findApi', () => {
  it('uses a given URL, and prefers the option', async () => {
    const surroundings = around({ API_URL: 'http://a:1/' }, 'http://a:1', 'http://b:2');
    expect(await findApi({}, surroundings)).toEqual({ url: 'http://a:1' });
    expect(await findApi({ api: 'http://b:2/api/orders' }, surroundings)).toEqual({ url: 'http://b:2' });
  });

  it('otherwise uses the running API', async () => {
    expect(await findApi({}, around({}))).toEqual({ url: 'http://127.0.0.1:4999/api', foundBy: 'npm run local' });
  });

  it.each([
    [{ api: 'localhost' }, 'http(s) URL'],
    [{ api: 'http://nobody:1' }, 'No API answers at http://nobody:1'],
  ])('says what to do about %j', async (options, message) => {
    await expect(findApi(options, around({}))).rejects.toThrow(message);
  });
});
