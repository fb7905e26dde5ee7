import { randomUUID } from 'node:crypto';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
  type Message,
  type MessageAttributeValue,
} from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ForeignAttributes } from '@orderflow/domain/dead-letters/dead-letter';
import { replayIdFor } from '@orderflow/domain/ids';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { list } from '@orderflow/orderctl/dead-letters/list';
import { replay } from '@orderflow/orderctl/dead-letters/replay';
import { show } from '@orderflow/orderctl/dead-letters/show';
import { readAttributes } from '@orderflow/platform/worker/message-attributes';
import { eventually } from '@orderflow/testing/eventually';
import { runs } from '../support/conformance/targets.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { connectOperator, createTerminal, queueCounts } from '../support/operator.js';
import { exhausted } from '../support/dead-letters.js';
import { bodyOf, order, put } from '../support/orders.js';

const EMULATORS = [
  ['MiniStack', 'ministack'],
  ['LocalStack', 'localstack'],
] as const;

const text = (value: string, type = 'String'): MessageAttributeValue => ({ DataType: type, StringValue: value });
/** The maximum number of attributes, of all types, some with our names. */
const ATTRIBUTES: Record<string, MessageAttributeValue> = {
  'Content-Encoding': text('gzip'),
  sender: text('partner, with ä and 😀'),
  attempts: text('3', 'Number'),
  precise: text('12345678901234567890.5', 'Number.decimal'),
  label: text('a', 'String.label'),
  signature: { DataType: 'Binary', BinaryValue: Buffer.from([0, 1, 254, 255]) },
  picture: { DataType: 'Binary.png', BinaryValue: Buffer.alloc(300, 7) },
  code: text('of somebody else'),
  replayCount: text('many'),
  receiveCount: text('77', 'Number'),
};
const FOREIGN: ForeignAttributes = Object.fromEntries(
  Object.entries(ATTRIBUTES).map(([name, { DataType: type = '', StringValue: value, BinaryValue: bytes }]) => [
    name,
    { type, value: bytes === undefined ? (value ?? '') : Buffer.from(bytes).toString('base64') },
  ]),
);

type Shown = { messageId: string; originalMessageId: string; code: string; replayCount: number; foreign: unknown };

describe.each(EMULATORS.filter(([name]) => runs(name)))('on %s', (_name, emulator) => {
  let running: EmbeddedSystem;
  let system: ConnectedSystem;

  beforeAll(async () => {
    running = await startEmbeddedSystem({ emulator });
    system = await connectOperator(await running.awsEndpoint());
  }, 240_000);

  afterAll(async () => {
    system.aws.close();
    await running.dispose();
  }, 60_000);

  async function send(queue: string, body: string, attributes: Record<string, MessageAttributeValue>): Promise<string> {
    const QueueUrl = await system.urlOf(queue);
    const message = { QueueUrl, MessageBody: body, MessageAttributes: attributes };
    return (await system.aws.sqs.send(new SendMessageCommand(message))).MessageId ?? '';
  }

  async function arnOf(queue: string): Promise<string> {
    const QueueUrl = await system.urlOf(queue);
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
    return (await system.aws.sqs.send(command)).Attributes?.QueueArn ?? '';
  }

  /** Receives each message and sends it again unchanged, as the console did before StartMessageMoveTask. */
  async function moveByHand(from: string, to: string): Promise<void> {
    const QueueUrl = await system.urlOf(from);
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] });
    // Receive all first: a worker may dead-letter a moved message again while others are still being moved.
    const letters: Message[] = [];
    for (;;) {
      const { Messages: messages = [] } = await system.aws.sqs.send(receive);
      if (messages.length === 0) break;
      letters.push(...messages);
    }
    for (const { Body: body = '', MessageAttributes: attributes = {}, ReceiptHandle } of letters) {
      await send(to, body, attributes);
      await system.aws.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }

  /** Like "Start DLQ redrive" in the AWS console. */
  async function redrive(): Promise<void> {
    const { orderQueue, orderDeadLetterQueue } = system.names;
    try {
      const task = { SourceArn: await arnOf(orderDeadLetterQueue), DestinationArn: await arnOf(orderQueue) };
      await system.aws.sqs.send(new StartMessageMoveTaskCommand(task));
    } catch {
      await moveByHand(orderDeadLetterQueue, orderQueue);
    }
  }

  const ofOrder = async (orderId: string, status: string) =>
    eventually(async () => {
      const { aws, names } = system;
      const { Item: item } = await aws.dynamo.send(new GetCommand({ TableName: names.ordersTable, Key: { orderId } }));
      return item?.status === status ? (item as OrderRecord) : undefined;
    }, `order ${orderId} ${status}`);

  /** A message's only dead letter. */
  const letterOf = (id: string): Promise<Shown> =>
    eventually(async () => {
      const terminal = createTerminal();
      if ((await show(system, terminal, id, { json: true })) !== 0) return undefined;
      return JSON.parse(terminal.written()) as Shown;
    }, `dead letter of ${id}`);

  it('a redrive from the console starts a failed order once', async () => {
    const record = exhausted();
    await put(system, record);
    const originalMessageId = randomUUID();
    const letter = {
      code: 'RECEIVES_EXHAUSTED',
      reason: 'not finished after 10 attempts',
      originalMessageId,
      attempts: '10',
    };
    const attributes = Object.fromEntries(Object.entries(letter).map(([name, value]) => [name, text(value)]));
    await send(system.names.orderDeadLetterQueue, bodyOf(record), attributes);
    await redrive();
    const completed = await ofOrder(record.orderId, 'COMPLETED');
    expect(completed).toMatchObject({ effects: 1, lastReplayId: replayIdFor(originalMessageId) });

    // A copy of the dead letter that was missed.
    await send(system.names.orderDeadLetterQueue, bodyOf(record), attributes);
    const terminal = createTerminal();
    expect(await replay(system, terminal, { maxReplays: 5, order: record.orderId })).toBe(0);
    expect(terminal.said()).toBe('0 replayed, 0 refused, 1 were replayed before and are deleted\n');
    expect(await ofOrder(record.orderId, 'COMPLETED')).toMatchObject({ version: completed.version, effects: 1 });
  }, 60_000);

  it('foreign attributes survive dead-lettering, a redrive and a replay', async () => {
    const record = order();
    await put(system, record);
    const first = await send(system.names.orderQueue, bodyOf(record, { totalAmount: 'a lot' }), ATTRIBUTES);
    const letter = await letterOf(first);
    expect(letter).toMatchObject({ code: 'INVALID_EVENT', originalMessageId: first, replayCount: 0 });
    expect(letter.foreign).toEqual(FOREIGN);

    await redrive();
    const again = await eventually(async () => {
      const terminal = createTerminal();
      await list(system, terminal, { order: record.orderId, json: true });
      return terminal.documents<Shown>().find(({ originalMessageId }) => originalMessageId !== first);
    }, 'the next dead letter');
    const second = await letterOf(again.originalMessageId);
    expect(second).toMatchObject({ code: 'INVALID_EVENT', replayCount: 1, foreign: FOREIGN });

    await running.stop('order-worker');
    const patch = '[{"op":"replace","path":"/detail/data/totalAmount","value":12.5}]';
    expect(await replay(system, createTerminal(), { maxReplays: 5, id: second.originalMessageId, patch })).toBe(0);
    const { Messages: [message] = [] } = await system.aws.sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl: await system.urlOf(system.names.orderQueue), VisibilityTimeout: 0, WaitTimeSeconds: 1 },
        MessageAttributeNames: ['All'],
      }),
    );
    expect(readAttributes(message?.MessageAttributes)).toEqual({
      ...{ replayId: replayIdFor(second.originalMessageId), replayCount: 2, foreign: FOREIGN },
    });
    await running.start('order-worker');
    expect(await ofOrder(record.orderId, 'COMPLETED')).toMatchObject({ effects: 1 });
  }, 90_000);

  it('a message that SQS itself dead-lettered is processed after a redrive', async () => {
    const record = order();
    await put(system, record);
    await send(system.names.orderDeadLetterQueue, bodyOf(record), {});
    await redrive();
    expect(await ofOrder(record.orderId, 'COMPLETED')).toMatchObject({ effects: 1, lastReplayId: '' });
    expect(await queueCounts(system, system.names.orderDeadLetterQueue)).toMatchObject({ visible: 0 });
  }, 60_000);
});
