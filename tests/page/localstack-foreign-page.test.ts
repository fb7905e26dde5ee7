/** Pages of other origins can do nothing to LocalStack behind its guard. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { emulatorAttack } from '../support/emulator-attack.js';
import { ATTACKERS, startForeignPages, type ForeignPages } from '../support/foreign-page.js';
import { startLocalStack, type LocalStack } from '../support/localstack.js';
import { connectOperator, queueCounts } from '../support/operator.js';
import { order, put } from '../support/orders.js';

jest.setTimeout(90_000);

describe('a page of another origin', () => {
  let localStack: LocalStack;
  let operator: ConnectedSystem;
  let pages: ForeignPages;
  let queueUrl: string;
  const cleanUps: (() => unknown)[] = [];

  beforeAll(async () => {
    pages = await startForeignPages();
    cleanUps.push(pages.close);
    localStack = await startLocalStack();
    cleanUps.push(() => localStack.dispose());
    operator = await connectOperator(localStack.aws.endpoint);
    cleanUps.push(operator.aws.close);
    queueUrl = await operator.urlOf(operator.names.orderQueue);
    await operator.aws.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'nobody receives this' }));
    await put(operator, order());
  }, 120_000);

  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }, 60_000);

  async function state() {
    const { Items } = await operator.aws.dynamo.send(new ScanCommand({ TableName: operator.names.ordersTable }));
    return { orders: Items, queue: await queueCounts(operator, operator.names.orderQueue) };
  }

  it.each(ATTACKERS)('reads nothing and changes nothing from %s', async (attacker) => {
    const before = await state();
    expect(before).toMatchObject({ orders: [{ status: 'PENDING' }], queue: { visible: 1 } });
    const attack = emulatorAttack({ queueUrl, table: operator.names.ordersTable, file: '/tmp/evil' });
    const { loot, answers } = await pages.attack(attacker, localStack.aws.endpoint, attack);
    expect(loot).toEqual([]);
    // Its server answers a form without fields with 400.
    const refused = attacker === 'a rebound name' ? 421 : 403;
    expect(answers.filter(({ status }) => status !== refused && status !== 400)).toEqual([]);
    expect(answers.length).toBeGreaterThan(50);
    expect(await state()).toEqual(before);
  });
});
