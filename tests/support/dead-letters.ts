import { randomUUID } from 'node:crypto';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { withoutMarker } from '@orderflow/testing/stored-orders';
import { order } from './orders.js';

const FAILURE = { code: 'RETRIES_EXHAUSTED', message: 'Not finished.', retriable: true };

/** An order that was given up. */
export function exhausted(): OrderRecord {
  return withoutMarker(order({ status: 'FAILED', version: 3, effects: 1, failure: FAILURE }));
}

export type Letter = { body: string; attributes?: Record<string, string> };

/** A dead letter in the form that a worker sends. */
export const letter = (body: string, code: string, attributes: Record<string, string> = {}): Letter => ({
  body,
  attributes: {
    ...{ code, reason: `because of ${code}`, originalMessageId: randomUUID(), attempts: '1' },
    firstReceivedAt: new Date().toISOString(),
    ...attributes,
  },
});

export async function send({ aws, urlOf }: ConnectedSystem, queue: string, ...letters: Letter[]): Promise<string[]> {
  const QueueUrl = await urlOf(queue);
  const sent = letters.map(async ({ body, attributes = {} }) => {
    const values = Object.entries(attributes).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]);
    const message = { QueueUrl, MessageBody: body, MessageAttributes: Object.fromEntries(values) as never };
    return (await aws.sqs.send(new SendMessageCommand(message))).MessageId ?? '';
  });
  return Promise.all(sent);
}

/** All messages that can be received at once. */
export async function receiveAll({ aws, urlOf }: ConnectedSystem, queue: string) {
  const QueueUrl = await urlOf(queue);
  const received = [];
  for (;;) {
    const { Messages: messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    if (messages.length === 0) return received;
    received.push(...messages);
  }
}
