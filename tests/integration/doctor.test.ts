import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DisableRuleCommand, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import { DeleteQueueCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import type { Check } from '../../tools/doctor/check.mjs';
import { toolVariables } from '../../tools/local/environment.mjs';
import { startEmulator } from '../support/embedded-system.js';
import type { Emulator } from '../support/emulator.js';
import { connectOperator } from '../support/operator.js';
import { compileOps } from '../support/orderctl.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const STAGE = 'doctor';
const names = resourceNames(STAGE);
const OF_THE_SYSTEM = [
  ...['Hook', 'Stack', 'Tables', 'Queues', 'Bus', 'Rules', 'Targets', 'Dead letters', 'Overdue markers', 'Clock'],
];

let emulator: Emulator;

beforeAll(async () => {
  // Parameters that differ from the template's defaults are not drift.
  const env = { STAGE, VISIBILITY_TIMEOUT_SECONDS: '6', NOTIFY_ON_ORDER_OUTCOME: 'false' };
  await compileOps();
  emulator = await startEmulator(env);
}, 120_000);

afterAll(async () => {
  await emulator.dispose();
}, 30_000);

/** Runs the command as a user does, but without the machine's fixed ports. */
async function doctor(...options: string[]) {
  const ANY = { API_PORT: '0', LOCALSTACK_PORT: '0', ORDER_WORKER_PORT: '0', NOTIFICATION_WORKER_PORT: '0' };
  const child = spawn(process.execPath, ['tools/doctor.mjs', ...options], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...ANY, ...toolVariables(emulator.credentials) },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exitCode, stdout, stderr };
}

async function examine() {
  const { exitCode, stdout, stderr } = await doctor('--json', '--endpoint', emulator.url, '--stage', STAGE);
  expect(stderr).toBe('');
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  expect(exitCode).toBe(ok ? 0 : 1);
  return { ok, checks, ofSystem: checks.filter(({ check }) => OF_THE_SYSTEM.includes(check)) };
}

it('reports drift from the template and leftovers, and nothing else', async () => {
  const clean = await examine();
  expect(clean.checks.filter(({ status }) => status === 'fail')).toEqual([]);
  expect(clean.ofSystem.map(({ check }) => check)).toEqual(OF_THE_SYSTEM);
  expect(clean.ofSystem.filter(({ status }) => status !== 'ok')).toEqual([
    { check: 'Hook', status: 'skipped', found: 'this emulator runs none' },
  ]);

  const { aws, urlOf } = await connectOperator(emulator.url, STAGE);
  const rule = (Name: string) => ({ EventBusName: names.bus, Name });
  await aws.eventBridge.send(new DisableRuleCommand(rule(names.orderCreatedRule)));
  await aws.eventBridge.send(
    new PutRuleCommand({ ...rule(names.notificationRequestedRule), EventPattern: '{"source":["x"]}' }),
  );
  const [orders, deadLetters, undelivered] = await Promise.all(
    [names.orderQueue, names.orderDeadLetterQueue, names.undeliveredQueue].map(urlOf),
  );
  await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: orders, Attributes: { VisibilityTimeout: '7' } }));
  await aws.sqs.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: 'a dead letter' }));
  await aws.sqs.send(new DeleteQueueCommand({ QueueUrl: undelivered }));
  const marker = { outboxShard: 0, outboxAt: Date.now() - 300_000 };
  await aws.dynamo.send(new PutCommand({ TableName: names.ordersTable, Item: { orderId: 'stuck', ...marker } }));

  const broken = await examine();
  const recreate = expect.stringContaining(`restart the emulator at ${emulator.url} empty`);
  const where = `--endpoint ${emulator.url} --stage ${STAGE}`;
  expect(broken.ok).toBe(false);
  expect(broken.ofSystem.filter(({ status }) => status === 'warn' || status === 'fail')).toEqual([
    {
      ...{ check: 'Queues', status: 'fail', fix: recreate },
      found: `${names.orderQueue}: VisibilityTimeout is 7, not 6; ${names.undeliveredQueue} is missing`,
    },
    {
      ...{ check: 'Rules', status: 'fail', fix: expect.stringMatching(/enable-rule .*order-created && .*put-rule /) },
      found:
        `${names.orderCreatedRule}: State is DISABLED, not ENABLED; ` +
        `${names.notificationRequestedRule}: EventPattern is {"source":["x"]}, not ` +
        '{"detail-type":["NotificationRequested"],"source":[{"prefix":"orderflow."}]}',
    },
    {
      ...{ check: 'Dead letters', status: 'warn', found: `${names.orderDeadLetterQueue}: 1 dead letter` },
      fix: `npm run dlq -- list ${where}`,
    },
    {
      ...{ check: 'Overdue markers', status: 'warn' },
      found: expect.stringMatching(new RegExp(`^${names.ordersTable}: 1 marker is overdue, by up to 30\\d s$`)),
      fix: expect.stringContaining(`npm run audit -- ${where}`),
    },
  ]);
  aws.close();
}, 120_000);
