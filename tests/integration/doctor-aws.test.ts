import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { DisableRuleCommand } from '@aws-sdk/client-eventbridge';
import { DeleteQueueCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import type { Check } from '../../tools/doctor/check.mjs';
import { sdkVariables } from '../../tools/local/environment.mjs';
import { startEmulator } from '../support/embedded-system.js';
import type { Emulator } from '../support/emulator.js';
import { connectOperator } from '../support/operator.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const STAGE = 'shop';
const names = resourceNames(STAGE);

let emulator: Emulator;

beforeAll(async () => {
  // Parameters that differ from the template's defaults are not drift. A durable table could not be deleted.
  emulator = await startEmulator({ STAGE, VISIBILITY_TIMEOUT_SECONDS: '6', DURABLE: 'false' });
}, 120_000);

afterAll(async () => {
  await emulator.dispose();
}, 30_000);

/** Runs the command with the credentials and the region that the shell would have. */
async function doctor(...options: string[]) {
  const shell = { ...sdkVariables(emulator.url, emulator.credentials), AWS_ENDPOINT_URL: '', NODE_OPTIONS: '' };
  const where = ['--aws', '--json', '--endpoint', emulator.url];
  const child = spawn(process.execPath, ['tools/doctor.mjs', ...where, ...options], {
    cwd: root,
    env: { ...process.env, ...shell },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(stderr).toBe('');
  return { exitCode, checks: (JSON.parse(stdout) as { checks: Check[] }).checks };
}

const seen = (checks: Check[]) => checks.map(({ check, status, found }) => [check, status, found]);

it('compares a deployed stage with its template, and names what was changed by hand', async () => {
  const clean = await doctor('--stage', STAGE);
  expect(clean.exitCode).toBe(0);
  const missing = (part: string) => ['skipped', `orderflow-${STAGE}-${part} is not deployed in us-east-1`];
  expect(seen(clean.checks)).toEqual([
    ['Node.js', 'ok', process.versions.node],
    ['Credentials', 'ok', 'of the default chain, for us-east-1'],
    ['Stack', 'ok', `orderflow-${STAGE}: CREATE_COMPLETE`],
    ['Template', 'ok', `orderflow-${STAGE} was deployed from this version`],
    ...['Tables', 'Queues', 'Bus', 'Rules', 'Targets'].map((kind) => [
      ...[kind, 'ok', expect.stringContaining('as in the template')],
    ]),
    ...['services', 'scaling', 'alarms'].map((part) => [`Stack of ${part}`, ...missing(part)]),
  ]);

  const { aws, urlOf } = await connectOperator(emulator.url, STAGE);
  const [orders, undelivered] = await Promise.all([names.orderQueue, names.undeliveredQueue].map(urlOf));
  await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: orders, Attributes: { VisibilityTimeout: '7' } }));
  await aws.sqs.send(new DeleteQueueCommand({ QueueUrl: undelivered }));
  await aws.eventBridge.send(new DisableRuleCommand({ EventBusName: names.bus, Name: names.orderCreatedRule }));
  await aws.dynamo.send(new DeleteTableCommand({ TableName: names.notificationsTable }));
  aws.close();

  const broken = await doctor('--stage', STAGE);
  expect(broken.exitCode).toBe(1);
  const failed = broken.checks.filter(({ status }) => status === 'fail');
  expect(seen(failed)).toEqual([
    ['Tables', 'fail', `${names.notificationsTable} is missing`],
    [...['Queues', 'fail'], `${names.orderQueue}: VisibilityTimeout is 7, not 6; ${names.undeliveredQueue} is missing`],
    ['Rules', 'fail', `${names.orderCreatedRule}: State is DISABLED, not ENABLED`],
  ]);
  const cli = `aws --endpoint-url ${emulator.url} --region us-east-1`;
  expect(failed.map(({ fix = '' }) => fix)).toEqual([
    expect.stringContaining(`restore-table-from-backup --target-table-name ${names.notificationsTable}`),
    expect.stringMatching(new RegExp(`create-queue --queue-name ${names.undeliveredQueue} .*"Policy":`)),
    `${cli} events enable-rule --event-bus-name ${names.bus} --name ${names.orderCreatedRule}`,
  ]);
}, 60_000);

it('names a stage that is not deployed, and the command that deploys it', async () => {
  const { exitCode, checks } = await doctor('--stage', 'nowhere');
  expect(exitCode).toBe(1);
  expect(checks.filter(({ status }) => status === 'fail')).toEqual([
    {
      ...{ check: 'Stack', status: 'fail', found: 'orderflow-nowhere is not deployed in us-east-1' },
      fix: expect.stringMatching(/cloudformation deploy --stack-name orderflow-nowhere .*Stage=nowhere/),
    },
  ]);
}, 30_000);
