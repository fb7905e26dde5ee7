import {
  DisableRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { DeleteQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import { startEmulator } from '../support/embedded-system.js';
import { type Emulator } from '../support/emulator.js';
import { connectOperator } from '../support/operator.js';
import { compileOps, endOps, ops } from '../support/orderctl.js';
import { order, put } from '../support/orders.js';
import { emulatorClient } from '../../tools/local/environment.mjs';

// Neither stream is a terminal.
const ESCAPE = '\u001b';

beforeAll(compileOps, 120_000);

afterEach(endOps);

describe('ops status', () => {
  const STAGE = 'status';
  const names = resourceNames(STAGE);
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await startEmulator({ STAGE });
  }, 120_000);

  afterAll(async () => {
    await emulator.dispose();
  }, 30_000);

  const status = (...options: string[]) => ops('status', '--endpoint', emulator.url, '--stage', STAGE, ...options);

  it('shows a healthy system, then names what needs attention', async () => {
    const system = await connectOperator(emulator.url, STAGE);
    await put(system, order(), order({ status: 'COMPLETED' }));
    const well = await status();
    expect(well).toMatchObject({ exitCode: 0, stderr: '' });
    expect(well.stdout).toContain('Nothing needs attention. Stage status');
    expect(well.stdout).toMatch(/status-orders +2 +1 COMPLETED, 1 PENDING\n/);
    expect(well.stdout).toMatch(/status-order-created +ENABLED +status-order-queue\n/);
    expect(well.stdout + well.stderr).not.toContain(ESCAPE);

    const { aws, urlOf } = system;
    const [orderLetters, undelivered] = await Promise.all(
      [names.orderDeadLetterQueue, names.undeliveredQueue].map(urlOf),
    );
    await aws.sqs.send(new SendMessageCommand({ QueueUrl: orderLetters, MessageBody: 'a dead letter' }));
    await aws.sqs.send(new DeleteQueueCommand({ QueueUrl: undelivered }));
    await put(system, order({ outboxAt: Date.now() - 90_000 }), order({ outboxAt: Date.now() - 5_000 }));
    const events = new EventBridgeClient(emulatorClient(emulator.url, emulator.credentials));
    await events.send(new DisableRuleCommand({ EventBusName: names.bus, Name: names.orderCreatedRule }));
    const rule = { EventBusName: names.bus, Rule: names.notificationRequestedRule };
    const { Targets: targets = [] } = await events.send(new ListTargetsByRuleCommand(rule));
    await events.send(new RemoveTargetsCommand({ ...rule, Ids: targets.map(({ Id: id }) => id ?? '') }));

    const ill = await status();
    expect(ill.exitCode).toBe(1);
    expect(ill.stdout).toMatch(/status-order-queue-dlq +1 .*NEEDS ATTENTION: 1 dead letter \(npm run dlq -- list\)\n/);
    expect(ill.stdout).toMatch(/status-undelivered +- .*NEEDS ATTENTION: the queue is missing \(npm run doctor\)\n/);
    expect(ill.stdout).toMatch(/status-orders +4 +2 +9\d s +NEEDS ATTENTION: 1 marker is overdue, by up to 9\d s/);
    expect(ill.stdout).toMatch(
      /status-order-created +DISABLED .*NEEDS ATTENTION: rule status-order-created is disabled/,
    );
    expect(ill.stdout).toMatch(
      /status-notification-requested +ENABLED +- +NEEDS ATTENTION: rule status-notification-requested has no target status-notification-queue/,
    );
    expect(ill.stdout).toContain('5 of these lines need attention.');
    expect(ill.stdout + ill.stderr).not.toContain(ESCAPE);

    const tolerant = await status('--json', '--no-count', '--tolerance', '600');
    expect(tolerant.exitCode).toBe(1);
    const found = JSON.parse(tolerant.stdout) as Record<string, unknown>;
    expect(found).toMatchObject({ ok: false, stage: STAGE, bus: { found: true } });
    expect(found).toHaveProperty('outbox.0', expect.not.objectContaining({ attention: expect.anything() }));
    expect(found).not.toHaveProperty('items');
    aws.close();
    events.destroy();
  }, 60_000);

  it('accepts a missing rule for outcomes if the stack omits it', async () => {
    await emulator.deploy({ STAGE: 'quiet', NOTIFY_ON_ORDER_OUTCOME: 'false' });
    const { exitCode, stdout } = await ops('status', '--endpoint', emulator.url, '--stage', 'quiet', '--no-count');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/quiet-order-outcomes +LEFT OUT/);
    expect(stdout).toContain('not counted (--no-count)');
  }, 60_000);
});
