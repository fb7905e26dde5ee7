import { describe, expect, it } from '@jest/globals';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { queueDoesNotExist } from '@orderflow/testing/aws/sqs-errors';
import { connect, connectPatiently, toOperatorError } from './connect.js';
import { findTarget, findTargetPatiently, type Surroundings } from './find-target.js';
import { OperatorError } from './operator-error.js';
import { startDeadline } from './terminal.js';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';

const ANY = { accessKeyId: 'test', secretAccessKey: 'test' };

/** As tools/local/find-system.mjs throws it. */
const notFound = (message: string, mayCome: boolean) =>
  Object.assign(new Error(message), { fix: 'start one with npm run local.', mayCome });

/** Where nothing runs. */
const around = (env: NodeJS.ProcessEnv = {}): Surroundings => ({
  env,
  setting: (variable) => env[variable],
  find: () => Promise.reject(notFound('No system runs here.', true)),
  credentialsAt: () => ANY,
  answers: () => Promise.resolve(false),
});
const silent = around();

describe('findTarget', () => {
  it('uses a given endpoint, and prefers the option', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://emulator:1', STAGE: 'blue', AWS_REGION: 'eu-west-1' };
    expect(await findTarget({}, around(env))).toEqual({
      ...{ stage: 'blue', region: 'us-east-1', endpoint: 'http://emulator:1', credentials: ANY },
    });
    expect(await findTarget({ endpoint: 'http://other:2', stage: 'red' }, around(env))).toMatchObject({
      ...{ stage: 'red', endpoint: 'http://other:2' },
    });
    expect(await findTarget({ aws: true }, around(env))).toMatchObject({
      ...{ endpoint: undefined, region: 'eu-west-1', credentials: undefined },
    });
  });

  it("otherwise uses the running system, in the emulators' region", async () => {
    const found = { url: 'http://127.0.0.1:4999', foundBy: 'npm run local' };
    const env = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' };
    expect(await findTarget({}, { ...around(env), find: () => Promise.resolve(found) })).toEqual({
      ...{ stage: 'local', region: 'us-east-1', endpoint: found.url, foundBy: found.foundBy, credentials: ANY },
    });
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

it.each([
  [{ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-1'],
  [{ AWS_REGION: ' ', AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-2'],
  [{}, 'us-east-1'],
])('with %j the region is %s', async (env, region) => {
  expect(await findTarget({ aws: true }, around(env))).toMatchObject({ region });
});

describe('findTargetPatiently', () => {
  it('waits until a system runs', async () => {
    const terminal = createFakeTerminal();
    let asked = 0;
    const find = async (part: Parameters<Surroundings['find']>[0]) =>
      ++asked > 3 ? { url: 'http://127.0.0.1:4566', foundBy: 'Compose' } : silent.find(part);
    const found = await findTargetPatiently({}, { ...silent, find }, terminal);
    expect(found).toMatchObject({ endpoint: 'http://127.0.0.1:4566', isStarting: true });
    expect(terminal.said()).toMatch(
      /^No system runs here\.\n\nWhat to do: start one .*\nWaiting until one runs here\.\n$/,
    );
  });

  it('gives up in time, and at once when waiting does not help', async () => {
    const terminal = createFakeTerminal();
    const within = startDeadline(terminal, 2_500);
    await expect(findTargetPatiently({}, silent, terminal, within)).rejects.toThrow(
      'No system has run here within 2.5 s.',
    );
    await expect(findTargetPatiently({ endpoint: 'emulator' }, silent, terminal)).rejects.toThrow('http(s) URL');
    const find = () => Promise.reject(notFound('2 systems run here', false));
    await expect(findTargetPatiently({}, { ...silent, find }, terminal)).rejects.toThrow('2 systems run here');
  });
});

describe('connect', () => {
  it('reports a stage that does not exist and an endpoint that does not answer', async () => {
    const fake = createFakeAws({ queues: [{ name: 'blue-order-queue' }] });
    const aws = { ...fake, polling: fake.sqs, close: () => undefined };
    const target = { stage: 'blue', region: 'us-east-1', endpoint: 'http://emulator:1', credentials: ANY };
    const terminal = createFakeTerminal();
    expect(await connect(target, aws, terminal)).toMatchObject({ stage: 'blue' });
    await expect(connect({ ...target, stage: 'red' }, aws, terminal)).rejects.toThrow(
      'no stage red at http://emulator:1',
    );
    const refusing = { send: () => Promise.reject(new Error('connect ECONNREFUSED')) };
    await expect(connect(target, { ...aws, sqs: refusing }, terminal)).rejects.toThrow(
      'cannot be reached (connect ECONNREFUSED)',
    );
    const { endpoint: _none, ...inAws } = { ...target, region: 'eu-west-1' };
    await expect(connect({ ...inAws, endpoint: undefined }, { ...aws, sqs: refusing }, terminal)).rejects.toThrow(
      'The system at AWS (eu-west-1) cannot be reached',
    );
  });

  it('reports that a hanging system does not answer', async () => {
    const terminal = createFakeTerminal();
    await expect(connect(TARGET, hanging(), terminal, startDeadline(terminal, 5_000))).rejects.toThrow(
      'cannot be reached (no answer within 5 s)',
    );
  });
});

const TARGET = { stage: 'blue', region: 'us-east-1', endpoint: 'http://emulator:1', credentials: ANY };

/** Clients whose first calls to SQS fail like this. */
function failingFirst(...failures: Error[]) {
  const fake = createFakeAws({ queues: [{ name: 'blue-order-queue' }] });
  const send = async (...call: unknown[]) => {
    const failure = failures.shift();
    if (failure) throw failure;
    return (fake.sqs.send as (...args: unknown[]) => unknown)(...call);
  };
  return { ...fake, sqs: { send } as never, polling: fake.sqs, close: () => undefined };
}

function hanging() {
  return { ...failingFirst(), sqs: { send: () => new Promise(() => undefined) } as never };
}

describe('connectPatiently', () => {
  it.each([
    ['refuses', failingFirst(...Array.from({ length: 99 }, () => connectionRefused()))],
    ['hangs', hanging()],
  ])('gives up in time when a system %s', async (_what, aws) => {
    const terminal = createFakeTerminal();
    const startedAt = terminal.now();
    const connecting = connectPatiently(TARGET, aws, terminal, startDeadline(terminal, 7_500));
    await expect(connecting).rejects.toThrow('The system at http://emulator:1 could not be reached within 7.5 s.');
    await expect(connecting).rejects.toThrow(OperatorError);
    expect(terminal.now() - startedAt).toBe(7_500);
  });

  it('also waits for the stage while the system starts', async () => {
    const target = { ...TARGET, isStarting: true };
    const missing = queueDoesNotExist();
    expect(await connectPatiently(target, failingFirst(missing), createFakeTerminal())).toMatchObject({
      stage: 'blue',
    });
    const afterOutage = failingFirst(connectionRefused(), missing);
    expect(await connectPatiently(TARGET, afterOutage, createFakeTerminal())).toMatchObject({ stage: 'blue' });
  });

  it('waits for a system that cannot be reached', async () => {
    const terminal = createFakeTerminal();
    const refused = connectionRefused();
    expect(await connectPatiently(TARGET, failingFirst(refused, refused), terminal)).toMatchObject({
      where: 'http://emulator:1',
    });
    expect(terminal.said()).toBe(
      `http://emulator:1 cannot be reached (${refused.message}); trying again until it can.\n` +
        'http://emulator:1 is back after 2 s.\n',
    );
  });

  it.each([
    ['a stage that does not exist', queueDoesNotExist()],
    ['invalid credentials', Object.assign(new Error('no'), { name: 'UnrecognizedClientException' })],
    ['missing credentials', Object.assign(new Error('none'), { name: 'CredentialsProviderError' })],
    ['a missing permission', Object.assign(new Error('no'), { name: 'AccessDeniedException' })],
  ])('does not wait for %s', async (_what, failure) => {
    const aws = failingFirst(failure);
    await expect(connectPatiently(TARGET, aws, createFakeTerminal())).rejects.toThrow(OperatorError);
  });
});

describe('toOperatorError', () => {
  it('turns an outage into a sentence, and does not change a defect', () => {
    const message = (error: Error) => (toOperatorError(error, TARGET) as Error).message;
    expect(message(connectionRefused())).toMatch(/^The system at http:\/\/emulator:1 cannot be reached any more \(/);
    expect(message(queueDoesNotExist())).toMatch(/^Part of stage blue is missing .* npm run doctor names it\.$/);
    const defect = new TypeError('a defect');
    expect(toOperatorError(defect, TARGET)).toBe(defect);
  });
});
