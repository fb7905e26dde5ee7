import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { waitFor } from '../wait-for.js';
import { verdictOf, type ConformanceCase, type Target } from './conformance-case.js';

/** What infrastructure/template.yaml sets. */
const MAX_RECEIVE_COUNT = 20;

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
          ...(hideSeconds === undefined ? {} : { VisibilityTimeout: hideSeconds }),
        }),
      );
      return messages?.[0];
    },
    /** The message that is sure to come. */
    take: (options: ReceiveOptions = {}): Promise<Message> =>
      waitFor(`message in ${name}`, () => queue.receive({ waitSeconds: 1, ...options })),
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

type Queue = Awaited<ReturnType<typeof openQueue>>;

function sqsCase(
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

const countOf = (message: Message) => message.Attributes?.ApproximateReceiveCount ?? '?';

/** After this many seconds, rounded down, the message is there again. */
async function secondsUntilBack(queue: Queue, startedAt: number): Promise<Message & { seconds: number }> {
  const message = await queue.take({ waitSeconds: 0 });
  return { ...message, seconds: Math.floor((performance.now() - startedAt + 50) / 1_000) };
}

const FORGETS_HANDLES = 'it knows only the handle of the latest receive';
const HIDES_VISIBLE = 'it hides a message that is not in flight';
const NO_LIMIT = 'it does not check the limit';

const RECEIVING = 'Receive counts and visibility';

const RECEIVES: ConformanceCase[] = [
  sqsCase(RECEIVING, {
    name: 'receive count over three receives, hidden for 0 s each time',
    aws: '1, 2, 3',
    expected: '1, 2, 3',
    observe: async (queue, id) => {
      await queue.send(id);
      const counts: string[] = [];
      let message: Message = {};
      for (let receive = 0; receive < 3; receive++) {
        message = await queue.take({ hideSeconds: 0 });
        counts.push(countOf(message));
      }
      await queue.delete(message);
      return counts.join(', ');
    },
  }),
  sqsCase(RECEIVING, {
    name: 'a received message is hidden, and the counts say so',
    aws: 'the same, in time',
    expected: 'nothing; 0 visible, 1 hidden; 0 visible, 0 hidden',
    observe: async (queue, id) => {
      await queue.send(id);
      const message = await queue.take();
      const second = await queue.receive();
      const before = await queue.counts();
      await queue.delete(message);
      return `${second ? 'received twice' : 'nothing'}; ${before}; ${await queue.counts()}`;
    },
  }),
  sqsCase(RECEIVING, {
    name: 'visibility changed to 0',
    aws: 'back at once',
    expected: 'back at once, count 2',
    observe: async (queue, id) => {
      await queue.send(id);
      await queue.hide(await queue.take(), 0);
      const message = await secondsUntilBack(queue, performance.now());
      await queue.delete(message);
      return `${message.seconds < 2 ? 'back at once' : 'late'}, count ${countOf(message)}`;
    },
  }),
  sqsCase(RECEIVING, {
    name: 'visibility changed to 1 s, from 30 s',
    aws: 'back after 1 s',
    expected: 'back after 1 s, not before',
    observe: async (queue, id) => {
      await queue.send(id);
      const first = await queue.take();
      const startedAt = performance.now();
      await queue.hide(first, 1);
      const message = await secondsUntilBack(queue, startedAt);
      await queue.delete(message);
      if (message.seconds < 1) return 'back too early';
      return message.seconds < 10 ? 'back after 1 s, not before' : 'late';
    },
  }),
  sqsCase(RECEIVING, {
    name: 'a delay of 1 s',
    aws: 'received after 1 s',
    expected: 'not before 1 s',
    observe: async (queue, id) => {
      const startedAt = performance.now();
      await queue.send(id, { DelaySeconds: 1 });
      const message = await secondsUntilBack(queue, startedAt);
      await queue.delete(message);
      return message.seconds < 1 ? 'too early' : 'not before 1 s';
    },
  }),
  sqsCase(RECEIVING, {
    name: 'visibility of a deleted message',
    expected: 'InvalidParameterValue',
    differs: { MiniStack: { shows: 'ReceiptHandleIsInvalid', why: FORGETS_HANDLES } },
    observe: async (queue, id) => {
      await queue.send(id);
      const message = await queue.take();
      await queue.delete(message);
      return verdictOf(queue.hide(message, 1));
    },
  }),
  sqsCase(RECEIVING, {
    name: 'visibility of a message that is visible again',
    aws: 'MessageNotInflight',
    expected: 'MessageNotInflight',
    differs: {
      MiniStack: { shows: 'accepted', why: HIDES_VISIBLE },
      LocalStack: { shows: 'accepted', why: HIDES_VISIBLE },
    },
    observe: async (queue, id) => {
      await queue.send(id);
      const message = await queue.take({ hideSeconds: 0 });
      const verdict = await verdictOf(queue.hide(message, 0));
      await queue.delete(await queue.take());
      return verdict;
    },
  }),
  sqsCase(RECEIVING, {
    name: 'visibility with the handle of an earlier receive',
    expected: 'InvalidParameterValue',
    differs: {
      MiniStack: { shows: 'ReceiptHandleIsInvalid', why: FORGETS_HANDLES },
      LocalStack: { shows: 'accepted', why: 'it accepts every handle that the message ever had' },
    },
    observe: async (queue, id) => {
      await queue.send(id);
      const stale = await queue.take({ hideSeconds: 0 });
      const latest = await queue.take();
      const verdict = await verdictOf(queue.hide(stale, 30));
      await queue.delete(latest);
      return verdict;
    },
  }),
  sqsCase(RECEIVING, {
    name: 'visibility of more than 12 hours',
    aws: 'refused',
    expected: 'InvalidParameterValue',
    differs: {
      MiniStack: { shows: 'accepted', why: NO_LIMIT },
      LocalStack: { shows: 'accepted', why: NO_LIMIT },
    },
    observe: async (queue, id) => {
      await queue.send(id);
      const message = await queue.take();
      const verdict = await verdictOf(queue.hide(message, 43_201));
      await queue.delete(message);
      return verdict;
    },
  }),
  sqsCase(RECEIVING, {
    name: 'a receive that finds nothing',
    aws: 'an empty answer',
    expected: 'no list of messages',
    observe: async ({ url }, _id, { sqs }) => {
      const { Messages: messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
      return messages === undefined ? 'no list of messages' : `a list of ${messages.length}`;
    },
  }),
];

const REDRIVE = 'Redrive at the limit';

/** Receives until nothing comes any more. */
async function exhaust(queue: Queue): Promise<number> {
  let receives = 0;
  while (await queue.receive({ hideSeconds: 0 })) receives += 1;
  return receives;
}

const REDRIVES: ConformanceCase[] = [
  sqsCase(REDRIVE, {
    name: 'the receive after the limit finds nothing, the message lies in the dead-letter queue',
    aws: 'the same',
    expected: `${MAX_RECEIVE_COUNT} receives; moved with its id, body and attributes`,
    observe: async (queue, id, target) => {
      await queue.send(id, { MessageAttributes: { replayId: { DataType: 'String', StringValue: 'r1' } } });
      const { MessageId: sent } = await queue.take({ hideSeconds: 0 });
      const receives = 1 + (await exhaust(queue));
      const deadLetters = await openQueue(target, target.names.orderDeadLetterQueue);
      const dead = await deadLetters.take();
      await deadLetters.delete(dead);
      const kept = [
        ['id', dead.MessageId === sent],
        ['body', dead.Body === id],
        ['attributes', dead.MessageAttributes?.replayId?.StringValue === 'r1'],
      ].flatMap(([what, isKept]) => (isKept === true ? [what] : []));
      return `${receives} receives; moved with its ${kept.join(', ').replace(/, (\w+)$/, ' and $1')}`;
    },
  }),
  sqsCase(REDRIVE, {
    name: 'receive count of the moved message',
    expected: 'counted on',
    observe: async (queue, id, target) => {
      await queue.send(id);
      await exhaust(queue);
      const deadLetters = await openQueue(target, target.names.orderDeadLetterQueue);
      const dead = await deadLetters.take();
      await deadLetters.delete(dead);
      return Number(countOf(dead)) > MAX_RECEIVE_COUNT ? 'counted on' : `starts again at ${countOf(dead)}`;
    },
  }),
  sqsCase(REDRIVE, {
    name: 'DeadLetterQueueSourceArn of the moved message',
    aws: 'present',
    expected: 'present',
    observe: async (queue, id, target) => {
      await queue.send(id);
      await exhaust(queue);
      const deadLetters = await openQueue(target, target.names.orderDeadLetterQueue);
      const dead = await deadLetters.take();
      await deadLetters.delete(dead);
      return dead.Attributes?.DeadLetterQueueSourceArn?.endsWith(`:${target.names.orderQueue}`) ? 'present' : 'absent';
    },
  }),
];

const DELETING = 'Deletes and batches of the queue';

const DELETES: ConformanceCase[] = [
  sqsCase(DELETING, {
    name: 'deleting twice',
    expected: 'accepted',
    differs: { MiniStack: { shows: 'ReceiptHandleIsInvalid', why: FORGETS_HANDLES } },
    observe: async (queue, id) => {
      await queue.send(id);
      const message = await queue.take();
      await queue.delete(message);
      return verdictOf(queue.delete(message));
    },
  }),
  sqsCase(DELETING, {
    name: 'deleting with the handle of an earlier receive',
    aws: 'succeeds, deletes nothing',
    expected: 'accepted, message stays',
    differs: {
      MiniStack: { shows: 'ReceiptHandleIsInvalid, message stays', why: FORGETS_HANDLES },
      LocalStack: { shows: 'accepted, message gone', why: 'it accepts every handle that the message ever had' },
    },
    observe: async (queue, id) => {
      await queue.send(id);
      const stale = await queue.take({ hideSeconds: 0 });
      const latest = await queue.take({ hideSeconds: 30 });
      const verdict = await verdictOf(queue.delete(stale));
      const isGone = (await queue.counts()) === '0 visible, 0 hidden';
      await queue.delete(latest);
      return `${verdict}, message ${isGone ? 'gone' : 'stays'}`;
    },
  }),
  sqsCase(DELETING, {
    name: 'deleting with what is no handle',
    aws: 'ReceiptHandleIsInvalid',
    expected: 'ReceiptHandleIsInvalid',
    observe: (queue) => verdictOf(queue.delete({ ReceiptHandle: 'nonsense' })),
  }),
  sqsCase(DELETING, {
    name: 'a delete batch with one handle that is none',
    aws: 'fails by itself',
    expected: 'ok: a; failed: b ReceiptHandleIsInvalid',
    observe: async (queue, id, { sqs }) => {
      await queue.send(id);
      const { ReceiptHandle } = await queue.take();
      const { Successful: ok = [], Failed: failed = [] } = await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queue.url,
          Entries: [
            { Id: 'a', ReceiptHandle },
            { Id: 'b', ReceiptHandle: 'nonsense' },
          ],
        }),
      );
      const failures = failed.map(({ Id, Code }) => `${Id ?? '?'} ${Code ?? '?'}`).join(', ');
      return `ok: ${ok.map(({ Id }) => Id).join(', ')}; failed: ${failures}`;
    },
  }),
  sqsCase(DELETING, {
    name: 'a visibility batch with one message that was deleted',
    aws: 'fails by itself',
    expected: 'ok: a; failed: b InvalidParameterValue',
    differs: {
      MiniStack: { shows: 'ok: a; failed: b ReceiptHandleIsInvalid', why: FORGETS_HANDLES },
      LocalStack: { shows: 'ok: a; failed: b InvalidParameterValueException', why: 'it uses another name in batches' },
    },
    observe: async (queue, id, { sqs }) => {
      await queue.send(`${id}-gone`);
      const gone = await queue.take();
      await queue.delete(gone);
      await queue.send(id);
      const there = await queue.take();
      const { Successful: ok = [], Failed: failed = [] } = await sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: queue.url,
          Entries: [there, gone].map(({ ReceiptHandle }, index) => ({
            Id: 'ab'[index],
            ReceiptHandle,
            VisibilityTimeout: 5,
          })),
        }),
      );
      await queue.delete(there);
      const failures = failed.map(({ Id, Code }) => `${Id ?? '?'} ${Code ?? '?'}`).join(', ');
      return `ok: ${ok.map(({ Id }) => Id).join(', ')}; failed: ${failures}`;
    },
  }),
  sqsCase(DELETING, {
    name: 'a batch of 0, of 11, with an Id twice, with an Id that is none',
    aws: 'refused',
    expected: 'EmptyBatchRequest, TooManyEntriesInBatchRequest, BatchEntryIdsNotDistinct, InvalidBatchEntryId',
    observe: async ({ url }, _id, { sqs }) => {
      const send = (ids: string[]) =>
        verdictOf(
          sqs.send(
            new SendMessageBatchCommand({ QueueUrl: url, Entries: ids.map((Id) => ({ Id, MessageBody: 'x' })) }),
          ),
        );
      const eleven = Array.from({ length: 11 }, (_, index) => `i${index}`);
      return [await send([]), await send(eleven), await send(['a', 'a']), await send(['not/valid'])].join(', ');
    },
  }),
  sqsCase(DELETING, {
    name: 'receiving 11 messages at once',
    aws: 'refused',
    expected: 'InvalidParameterValue',
    observe: ({ url }, _id, { sqs }) =>
      verdictOf(sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 11 }))),
  }),
  sqsCase(DELETING, {
    name: 'an unknown queue',
    aws: 'QueueDoesNotExist',
    expected: 'QueueDoesNotExist',
    observe: (_queue, _id, { sqs }) => verdictOf(sqs.send(new GetQueueUrlCommand({ QueueName: 'no-such-queue' }))),
  }),
];

export const SQS_CASES: ConformanceCase[] = [...RECEIVES, ...REDRIVES, ...DELETES];
