import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { verdictOf, type ConformanceCase } from '../conformance-case.js';
import { FORGETS_HANDLES, sqsCase } from './queue.js';

const DELETING = 'Deletes and batches of the queue';

export const DELETES: ConformanceCase[] = [
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
      LocalStack: { shows: 'accepted, message gone', why: 'it accepts every earlier handle of the message' },
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
    name: 'deleting with an invalid handle',
    aws: 'ReceiptHandleIsInvalid',
    expected: 'ReceiptHandleIsInvalid',
    observe: (queue) => verdictOf(queue.delete({ ReceiptHandle: 'nonsense' })),
  }),
  sqsCase(DELETING, {
    name: 'a delete batch with one invalid handle',
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
    name: 'a batch of 0, of 11, with an Id twice, with an invalid Id',
    aws: 'refused',
    expected: 'EmptyBatchRequest, TooManyEntriesInBatchRequest, BatchEntryIdsNotDistinct, InvalidBatchEntryId',
    observe: async ({ url }, _id, { sqs }) => {
      const remove = (ids: string[]) =>
        verdictOf(
          sqs.send(
            new DeleteMessageBatchCommand({ QueueUrl: url, Entries: ids.map((Id) => ({ Id, ReceiptHandle: 'x' })) }),
          ),
        );
      const eleven = Array.from({ length: 11 }, (_, index) => `i${index}`);
      return [await remove([]), await remove(eleven), await remove(['a', 'a']), await remove(['not/valid'])].join(', ');
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
