import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { eventually } from '@orderflow/testing/eventually';
import type { ConformanceCase, Target } from '../conformance-case.js';

/** Why targets differ. */
export const FORGETS_HANDLES = 'it knows only the handle of the latest receive';

type ReceiveOptions = { waitSeconds?: number; hideSeconds?: number };

/** One queue of the target. Cases run one after the other, and each leaves the queue empty. */
export async function openQueue({ sqs }: Target, name: string) {
  const { QueueUrl: url } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  const queue = {
    url,
    send: async (body: string, change: Partial<SendMessageCommandInput> = {}) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, ...change }));
    },
    receive: async ({ waitSeconds = 0, hideSeconds }: ReceiveOptions = {}): Promise<Message | undefined> => {
      const { Messages: messages } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
          VisibilityTimeout: hideSeconds,
        }),
      );
      return messages?.[0];
    },
    /** Waits for the expected message. */
    take: (options: ReceiveOptions = {}): Promise<Message> =>
      eventually(() => queue.receive({ waitSeconds: 1, ...options }), `message in ${name}`),
    hide: (message: Message, seconds: number) =>
      sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: url,
          ReceiptHandle: message.ReceiptHandle,
          VisibilityTimeout: seconds,
        }),
      ),
    delete: ({ ReceiptHandle }: Pick<Message, 'ReceiptHandle'>) =>
      sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle })),
    counts: async () => {
      const { Attributes: attributes } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: url,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: hidden } = attributes ?? {};
      return `${visible ?? '?'} visible, ${hidden ?? '?'} hidden`;
    },
  };
  return queue;
}

export type Queue = Awaited<ReturnType<typeof openQueue>>;

export function sqsCase(
  group: string,
  {
    observe,
    ...rest
  }: Omit<ConformanceCase, 'group' | 'observe'> & {
    observe: (queue: Queue, id: string, target: Target) => Promise<string>;
  },
): ConformanceCase {
  return {
    group,
    ...rest,
    observe: async (target, id) => observe(await openQueue(target, target.names.orderQueue), id, target),
  };
}

export const countOf = (message: Message) => message.Attributes?.ApproximateReceiveCount ?? '?';

/** The message is visible again after this many seconds, rounded down. */
export async function secondsUntilBack(queue: Queue, startedAt: number): Promise<Message & { seconds: number }> {
  const message = await queue.take({ waitSeconds: 0 });
  return { ...message, seconds: Math.floor((performance.now() - startedAt + 50) / 1_000) };
}
