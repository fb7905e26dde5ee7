import type { ConformanceCase } from '../conformance-case.js';
import { countOf, openQueue, sqsCase, type Queue } from './queue.js';

/** What infrastructure/template.yaml sets. */
const MAX_RECEIVE_COUNT = 20;

/** Receives until the queue is empty. */
async function exhaust(queue: Queue): Promise<number> {
  let receives = 0;
  while (await queue.receive({ hideSeconds: 0 })) receives += 1;
  return receives;
}

const REDRIVE = 'Redrive at the limit';

export const REDRIVES: ConformanceCase[] = [
  sqsCase(REDRIVE, {
    name: 'the receive after the limit is empty, and the message is in the dead-letter queue',
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
