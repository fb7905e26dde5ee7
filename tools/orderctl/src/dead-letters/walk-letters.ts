import type { Message } from '@aws-sdk/client-sqs';
import { type DeadLetterQueue } from '@orderflow/contracts';
import { deadLetterQueueName, toDeadLetter, type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { readAttributes } from '@orderflow/platform/worker/message-attributes';
import type { ConnectedSystem } from '../connect.js';
import { createProgress, type Terminal } from '../terminal.js';
import type { Selection } from './select.js';
import { NOTHING, walkQueue } from './walk-queue.js';

type Visited = {
  /** Receipt handles of letters that are gone from the queue. */
  gone?: ReadonlySet<string>;
  /** Ends the walk. */
  stop?: boolean;
};
type Visit = (letters: DeadLetter[], queueUrl: string) => Promise<Visited> | Visited;

/**
 * Visits the selected dead letters of the selected queues. Letters that `visit` does not report as gone become visible
 * again, at `hiddenUntil` at the latest.
 * @throws when interrupted
 */
export async function walkLetters(
  { aws, names, urlOf }: ConnectedSystem,
  terminal: Terminal,
  { queues, matches }: Pick<Selection, 'queues' | 'matches'>,
  visit: Visit,
): Promise<{ hiddenUntil: number; isStopped: boolean }> {
  const progress = createProgress(terminal);
  const stopped = new AbortController();
  const signal = AbortSignal.any([terminal.signal, stopped.signal]);
  let read = 0;

  async function walk(queue: DeadLetterQueue): Promise<number> {
    const queueUrl = await urlOf(deadLetterQueueName(names, queue));
    const visitSelected = async (messages: Message[]) => {
      read += messages.length;
      progress.show(`${read} dead letters read`);
      const letters = messages
        .map((message) => toDeadLetter(message, readAttributes(message.MessageAttributes), queue, names))
        .filter(matches);
      const { gone = NOTHING, stop = false } = letters.length === 0 ? {} : await visit(letters, queueUrl);
      if (stop) stopped.abort();
      return gone;
    };
    const dependencies = { ...aws, elapsedMs: terminal.elapsedMs };
    return (await walkQueue(dependencies, { queueUrl, signal, visit: visitSelected })).hiddenUntil;
  }

  const ends = await Promise.allSettled(queues.map(walk));
  progress.end();
  if (terminal.signal.aborted) throw new Error('Interrupted. The received messages are visible again.');
  // Each walk has released its messages, even if another one failed.
  const failed = ends.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  if (failed) throw failed.reason;
  const hiddenUntil = Math.max(0, ...ends.map((end) => (end.status === 'fulfilled' ? end.value : 0)));
  return { hiddenUntil, isStopped: stopped.signal.aborted };
}
