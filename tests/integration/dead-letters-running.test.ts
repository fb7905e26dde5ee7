import { GetCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { replay, type ReplayOptions } from '@orderflow/orderctl/dead-letters/replay';
import { eventually } from '@orderflow/testing/eventually';
import { startEmbeddedSystem } from '../support/embedded-system.js';
import { connectOperator, createTerminal } from '../support/operator.js';
import { bodyOf, order, put } from '../support/orders.js';
import type { System } from '../support/system.js';
import { exhausted, letter, send, receiveAll } from '../support/dead-letters.js';

const REPLAY: ReplayOptions = { maxReplays: 5 };

const SET_TOTAL = '[{"op":"replace","path":"/detail/data/totalAmount","value":12.5}]';

describe('dead letters of a running system', () => {
  let running: System;
  let system: ConnectedSystem;

  beforeAll(async () => {
    running = await startEmbeddedSystem();
    system = await connectOperator(await running.awsEndpoint());
  }, 180_000);

  afterAll(async () => {
    system.aws.close();
    await running.dispose();
  }, 60_000);

  const completed = (orderId: string) =>
    eventually(async () => {
      const { aws, names } = system;
      const { Item: item } = await aws.dynamo.send(new GetCommand({ TableName: names.ordersTable, Key: { orderId } }));
      return item?.status === 'COMPLETED' ? (item as OrderRecord) : undefined;
    }, `order ${orderId} COMPLETED`);

  it('a replay completes an order whose attempts were exhausted', async () => {
    const record = exhausted();
    await put(system, record);
    await send(system, system.names.orderDeadLetterQueue, letter(bodyOf(record), 'RECEIVES_EXHAUSTED'));
    const terminal = createTerminal();
    expect(await replay(system, terminal, { ...REPLAY, order: record.orderId })).toBe(0);
    expect(terminal.written()).toContain('to orders, order FAILED');
    expect(await completed(record.orderId)).toMatchObject({ effects: 1, version: 5 });
  });

  it('a patched message is processed', async () => {
    const record = order();
    await put(system, record);
    const malformed = letter(bodyOf(record, { totalAmount: 'a lot' }), 'INVALID_EVENT');
    await send(system, system.names.orderDeadLetterQueue, malformed);
    const options = { ...REPLAY, id: malformed.attributes?.originalMessageId ?? '', patch: SET_TOTAL };
    expect(await replay(system, createTerminal(), options)).toBe(0);
    expect(await completed(record.orderId)).toMatchObject({ effects: 1 });
  });

  it('two operators replay 200 messages at the same time, and each is processed once', async () => {
    const records = Array.from({ length: 200 }, exhausted);
    await put(system, ...records);
    // Every tenth dead letter has a copy.
    const letters = records.flatMap((record, index) => {
      const one = letter(bodyOf(record), 'RECEIVES_EXHAUSTED');
      return index % 10 === 0 ? [one, one] : [one];
    });
    await send(system, system.names.orderDeadLetterQueue, ...letters);
    const operators = [createTerminal(), createTerminal()];
    const codes = await Promise.all(operators.map((terminal) => replay(system, terminal, { ...REPLAY, all: true })));
    expect(codes).toEqual([0, 0]);

    for (const { orderId } of records) expect(await completed(orderId)).toMatchObject({ effects: 1, version: 5 });
    const ids = new Set(records.map(({ orderId }) => orderId));
    await eventually(async () => {
      const { Items: items = [] } = await system.aws.dynamo.send(
        new ScanCommand({ TableName: system.names.notificationsTable, ConsistentRead: true }),
      );
      const mine = items.filter(({ orderId }) => ids.has(String(orderId)));
      expect(mine.length).toBeLessThanOrEqual(200);
      return mine.length === 200;
    }, 'one notification per order');
    expect(await receiveAll(system, system.names.orderDeadLetterQueue)).toEqual([]);
  }, 120_000);
});
