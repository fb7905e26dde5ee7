import {
  DEAD_LETTER_QUEUES,
  deadLetterQueueNames,
  toDeadLetter,
  toDeadLetterSummary,
  type DeadLetterList,
  type DeadLetterQueue,
  type DeadLetterSummary,
  type ResourceNames,
} from '@orderflow/contracts';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import type { MonotonicClock, Stopwatch } from '@orderflow/platform/clock';
import { peekQueue } from '@orderflow/platform/aws/peek-queue';
import { readAttributes } from '@orderflow/platform/worker/message-attributes';

const HOLDS_MS = 2_000;

type Dependencies = {
  aws: Pick<AwsClients, 'sqs' | 'polling'>;
  urlOf: (queue: string) => Promise<string>;
  names: ResourceNames;
  monotonic: MonotonicClock;
};

/** Shows some of the dead letters, with their reasons. */
export function createPeekDeadLetters({ aws, urlOf, names, monotonic }: Dependencies) {
  async function peek(queue: DeadLetterQueue): Promise<DeadLetterSummary[]> {
    const messages = await peekQueue(aws, await urlOf(deadLetterQueueNames(names)[queue]));
    return messages.map((message) =>
      toDeadLetterSummary(toDeadLetter(message, readAttributes(message.MessageAttributes), queue, names)),
    );
  }

  async function peekAll(): Promise<DeadLetterList> {
    const found = (await Promise.all(DEAD_LETTER_QUEUES.map(peek))).flat();
    const distinct = new Map(found.map((letter) => [`${letter.queue} ${letter.originalMessageId}`, letter]));
    return { items: [...distinct.values()].sort((a, b) => (a.firstReceivedAt < b.firstReceivedAt ? -1 : 1)) };
  }

  let latest: { ageMs: Stopwatch; list: Promise<DeadLetterList> } | undefined;
  /** At most ten a queue, oldest first, copies of a message as one. One look serves all who ask within two seconds. */
  return (): Promise<DeadLetterList> => {
    if (!latest || latest.ageMs() >= HOLDS_MS) latest = { ageMs: monotonic.startStopwatch(), list: peekAll() };
    return latest.list;
  };
}

export type PeekDeadLetters = ReturnType<typeof createPeekDeadLetters>;
