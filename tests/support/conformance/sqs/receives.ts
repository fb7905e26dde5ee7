import { ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs';
import { verdictOf, type ConformanceCase } from '../conformance-case.js';
import { countOf, FORGETS_HANDLES, secondsUntilBack, sqsCase } from './queue.js';

const HIDES_VISIBLE = 'it hides a message that is not in flight';
const NO_LIMIT = 'it does not check the limit';

const RECEIVING = 'Receive counts and visibility';

export const RECEIVES: ConformanceCase[] = [
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
    name: 'a received message is hidden and counted as such',
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
      LocalStack: { shows: 'accepted', why: 'it accepts every earlier handle of the message' },
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
