import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { queueUrlOf } from './arns.js';
import { createFakeSqs } from './fake-sqs.js';

export const WORK = queueUrlOf('work');
export const DEAD = queueUrlOf('work-dlq');

/** A fake SQS with a work queue, its dead-letter queue, and a clock that `pass` moves. */
export function createSystem() {
  let nowMs = 1_000_000;
  const sqs = createFakeSqs({
    queues: [
      { name: 'work', visibilityTimeoutSeconds: 10, redrive: { deadLetter: 'work-dlq', maxReceiveCount: 2 } },
      { name: 'work-dlq' },
    ],
    now: () => nowMs,
  });
  const send = (input: Partial<SendMessageCommandInput> = {}) =>
    sqs.send(new SendMessageCommand({ QueueUrl: WORK, MessageBody: 'body', ...input }));
  const receive = async (input: Partial<ReceiveMessageCommandInput> = {}) =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl: WORK, MaxNumberOfMessages: 10, ...input }))).Messages;
  const receiveOne = async (input: Partial<ReceiveMessageCommandInput> = {}) => {
    const [message] = (await receive(input)) ?? [];
    if (!message) throw new Error('nothing was received');
    return message;
  };
  const hide = (message: Message, VisibilityTimeout: number, QueueUrl = WORK) =>
    sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout }));
  const remove = (ReceiptHandle: string | undefined) =>
    sqs.send(new DeleteMessageCommand({ QueueUrl: WORK, ReceiptHandle }));
  const pass = (seconds: number) => (nowMs += seconds * 1_000);
  return { sqs, send, receive, receiveOne, hide, remove, pass };
}
