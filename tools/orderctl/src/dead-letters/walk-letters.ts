import { type DeadLetterQueue } from '@orderflow/contracts';
import { deadLetterQueueName, toDeadLetter, type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { readAttributes } from '@orderflow/platform/worker/message-attributes';
import type { ConnectedSystem } from '../connect.js';
import { createProgress, type Terminal } from '../terminal.js';
import type { Selection } from './select.js';
import { walkQueue, type WalkEnd } from './walk-queue.js';

type Visit = (letters: DeadLetter[], queueUrl: string, queue: DeadLetterQueue) => Promise<ReadonlySet<string>>;

/**
 * Visits the selected dead letters of the selected queues. Letters that `visit` does not report as gone become visible
 * again.
 * @throws when interrupted
 */
export async function walkLetters(
  { aws, names, urlOf }: ConnectedSystem,
  terminal: Terminal,
  { queues, matches }: Pick<Selection, 'queues' | 'matches'>,
  visit: Visit,
  enough?: AbortSignal,
): Promise<WalkEnd> {
  const progress = createProgress(terminal);
  const signal = enough ? AbortSignal.any([terminal.signal, enough]) : terminal.signal;
  let read = 0;
  const walks = queues.map(async (queue): Promise<WalkEnd> => {
    const queueUrl = await urlOf(deadLetterQueueName(names, queue));
    return walkQueue(
      { ...aws, elapsedMs: terminal.elapsedMs },
      {
        queueUrl,
        signal,
        visit: async (messages) => {
          read += messages.length;
          progress.show(`${read} dead letters read`);
          const letters = messages
            .map((message) => toDeadLetter(message, readAttributes(message.MessageAttributes), queue, names))
            .filter(matches);
          return letters.length === 0 ? new Set<string>() : visit(letters, queueUrl, queue);
        },
      },
    );
  });
  const ends = await Promise.allSettled(walks);
  progress.end();
  if (terminal.signal.aborted) throw new Error('Interrupted; what was received has been given back.');
  // Each walk has released its messages, even if another one failed.
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  const done = ends.filter((end) => end.status === 'fulfilled').map(({ value }) => value);
  return {
    met: done.reduce((sum, { met }) => sum + met, 0),
    hiddenUntil: Math.max(0, ...done.map(({ hiddenUntil }) => hiddenUntil)),
  };
}
