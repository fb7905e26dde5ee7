import type {
  ChangeMessageVisibilityBatchCommandInput,
  ChangeMessageVisibilityCommandInput,
  DeleteMessageBatchCommandInput,
  DeleteMessageCommandInput,
  GetQueueAttributesCommandInput,
  GetQueueUrlCommandInput,
  MessageAttributeValue,
  ReceiveMessageCommandInput,
  SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Clock } from '@orderflow/platform/runtime/clock';
import { createFakeClient, type FakeClient, type Operations } from './fake-client.js';
import { FakeQueue, type QueueSettings, type StoredMessage } from './fake-queue.js';
import { receive } from './fake-sqs-receive.js';
import { answerEntries, attributesOf, send } from './fake-sqs-calls.js';
import { missingParameter, queueDoesNotExist } from './sqs-errors.js';

export type SqsInputs = {
  GetQueueUrl: GetQueueUrlCommandInput;
  GetQueueAttributes: GetQueueAttributesCommandInput;
  ReceiveMessage: ReceiveMessageCommandInput;
  SendMessage: SendMessageCommandInput;
  DeleteMessage: DeleteMessageCommandInput;
  DeleteMessageBatch: DeleteMessageBatchCommandInput;
  ChangeMessageVisibility: ChangeMessageVisibilityCommandInput;
  ChangeMessageVisibilityBatch: ChangeMessageVisibilityBatchCommandInput;
};

export type FakeSqs = FakeClient<SQSClient, SqsInputs> & {
  /** Adds a message directly: no planned fault, no recorded call. @returns the message id */
  enqueue(queueUrl: string, body: string, attributes?: Record<string, MessageAttributeValue>): string;
  /** Everything in the queue, in flight or not, without receiving it. */
  messages(queueUrl: string): StoredMessage[];
};

type Options = {
  queues: readonly QueueSettings[];
  now?: Clock;
  /** Upper bound of a long poll in real time, so that a test does not wait seconds for a consumer to stop. */
  longestPollMs?: number;
};

function required(value: string | undefined, parameter: string): string {
  if (value === undefined) throw missingParameter(parameter);
  return value;
}

export function createFakeSqs({ queues: settings, now = Date.now, longestPollMs = Infinity }: Options): FakeSqs {
  const queues = new Map<string, FakeQueue>();
  for (const queueSettings of settings) {
    const deadLetter = queueSettings.redrive?.deadLetter;
    if (deadLetter !== undefined && !settings.some(({ name }) => name === deadLetter)) {
      throw new Error(`The dead-letter queue ${deadLetter} of ${queueSettings.name} does not exist`);
    }
    const find = () => (deadLetter === undefined ? undefined : queues.get(deadLetter));
    queues.set(queueSettings.name, new FakeQueue(queueSettings, now, find));
  }

  function queueAt(url: string | undefined): FakeQueue {
    const queue = [...queues.values()].find((candidate) => candidate.url === url);
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  const operations: Operations<SqsInputs> = {
    GetQueueUrl: {
      parameters: ['QueueName'],
      run: ({ QueueName: name }) => {
        const queue = queues.get(name ?? '');
        if (!queue) throw queueDoesNotExist();
        return { QueueUrl: queue.url };
      },
    },
    GetQueueAttributes: {
      parameters: ['QueueUrl', 'AttributeNames'],
      run: (input) => attributesOf(queueAt(input.QueueUrl), input.AttributeNames ?? []),
    },
    ReceiveMessage: {
      parameters: [
        'QueueUrl',
        'AttributeNames',
        'MessageSystemAttributeNames',
        'MessageAttributeNames',
        'MaxNumberOfMessages',
        'WaitTimeSeconds',
        'VisibilityTimeout',
      ],
      run: (input, { abortSignal }) => receive(queueAt(input.QueueUrl), input, { abortSignal, longestPollMs }),
    },
    SendMessage: {
      parameters: ['QueueUrl', 'MessageBody', 'MessageAttributes'],
      run: (input) => send(queueAt(input.QueueUrl), input),
    },
    DeleteMessage: {
      parameters: ['QueueUrl', 'ReceiptHandle'],
      run: (input) => {
        queueAt(input.QueueUrl).delete(required(input.ReceiptHandle, 'ReceiptHandle'));
        return {};
      },
    },
    DeleteMessageBatch: {
      parameters: ['QueueUrl', 'Entries'],
      run: (input, { takeEntryFault }) => {
        const queue = queueAt(input.QueueUrl);
        return answerEntries(input.Entries ?? [], takeEntryFault, (entry) => {
          queue.delete(required(entry.ReceiptHandle, 'ReceiptHandle'));
          return {};
        });
      },
    },
    ChangeMessageVisibility: {
      parameters: ['QueueUrl', 'ReceiptHandle', 'VisibilityTimeout'],
      run: (input) => {
        changeVisibility(queueAt(input.QueueUrl), input);
        return {};
      },
    },
    ChangeMessageVisibilityBatch: {
      parameters: ['QueueUrl', 'Entries'],
      run: (input, { takeEntryFault }) => {
        const queue = queueAt(input.QueueUrl);
        return answerEntries(input.Entries ?? [], takeEntryFault, (entry) => {
          changeVisibility(queue, entry);
          return {};
        });
      },
    },
  };

  return {
    ...createFakeClient<SQSClient, SqsInputs>(operations),
    enqueue: (queueUrl, body, attributes = {}) => queueAt(queueUrl).send(body, attributes),
    messages: (queueUrl) => queueAt(queueUrl).contents(),
  };
}

type VisibilityChange = { ReceiptHandle: string | undefined; VisibilityTimeout?: number | undefined };

function changeVisibility(
  queue: FakeQueue,
  { ReceiptHandle: handle, VisibilityTimeout: seconds }: VisibilityChange,
): void {
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  queue.changeVisibility(required(handle, 'ReceiptHandle'), seconds);
}
