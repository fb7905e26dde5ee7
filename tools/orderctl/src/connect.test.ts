import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { createFakeAws } from '@orderflow/platform/testing/fake-aws';
import { connect, findTarget } from './connect.js';

const NO_FILE = new URL('file:///no/such/run.json');
const silent = { env: {}, runFile: NO_FILE, answers: () => Promise.resolve(false) };

describe('findTarget', () => {
  it('takes the endpoint that is named, and prefers the option', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://emulator:1', STAGE: 'blue', AWS_REGION: 'eu-west-1' };
    expect(await findTarget({}, { ...silent, env })).toEqual({
      ...{ stage: 'blue', region: 'eu-west-1', endpoint: 'http://emulator:1', testCredentials: true },
    });
    expect(await findTarget({ endpoint: 'http://other:2', stage: 'red' }, { ...silent, env })).toMatchObject({
      ...{ stage: 'red', endpoint: 'http://other:2' },
    });
    expect(await findTarget({ aws: true }, { ...silent, env })).toMatchObject({
      ...{ endpoint: undefined, testCredentials: false },
    });
  });

  it('finds npm run local, and Compose when that is not running', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    const file = join(folder, 'run.json');
    writeFileSync(file, JSON.stringify({ urls: { 'AWS endpoint': 'http://127.0.0.1:4999' } }));
    const runFile = pathToFileURL(file);
    expect(await findTarget({}, { env: {}, runFile, answers: () => Promise.resolve(true) })).toMatchObject({
      ...{ endpoint: 'http://127.0.0.1:4999', foundBy: 'npm run local', testCredentials: true },
    });
    const answers = (url: string) => Promise.resolve(url === 'http://127.0.0.1:4700');
    expect(await findTarget({}, { env: { LOCALSTACK_PORT: '4700' }, runFile, answers })).toMatchObject({
      endpoint: 'http://127.0.0.1:4700',
    });
    rmSync(folder, { recursive: true });
  });

  it.each([
    [{}, 'npm run local'],
    [{ endpoint: 'emulator' }, 'http(s) URL'],
    [{ stage: 'No Stage' }, '1 to 20'],
    [{ aws: true, endpoint: 'http://emulator:1' }, 'not both'],
  ])('says what to do about %j', async (options, message) => {
    await expect(findTarget(options, silent)).rejects.toThrow(message);
  });
});

describe('connect', () => {
  it('says that a stage does not exist, and that an endpoint does not answer', async () => {
    const fake = createFakeAws({ queues: [{ name: 'blue-order-queue' }] });
    const aws = { ...fake, polling: fake.sqs, close: () => undefined };
    const target = { stage: 'blue', region: 'us-east-1', endpoint: 'http://emulator:1', testCredentials: true };
    expect(await connect(target, aws)).toMatchObject({ stage: 'blue' });
    await expect(connect({ ...target, stage: 'red' }, aws)).rejects.toThrow('no stage red at http://emulator:1');
    const refusing = { send: () => Promise.reject(new Error('connect ECONNREFUSED')) };
    await expect(connect(target, { ...aws, sqs: refusing })).rejects.toThrow(
      'cannot be reached (connect ECONNREFUSED)',
    );
  });
});
