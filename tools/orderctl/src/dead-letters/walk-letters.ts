import type { Message } from '@aws-sdk/client-sqs';
import { type DeadLetterQueue } from '@orderflow/contracts';
import { deadLetterQueueName, toDeadLetter, type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import { readAttributes } from '@orderflow/platform/worker/message-attributes';
import type { ConnectedSystem } from '../connect.js';
import { createProgress, type Terminal } from '../terminal.js';
import type { Selection } from './select.js';
import { walkQueue } from './walk-queue.js';

type Visited = {
  /** Receipt handles of letters that are gone from the queue. */
  gone?: Iterable<string>;
  /** Ends the walk. */
  stop?: boolean;
  /** An outage among them ends the walk: every further letter would run into the same timeouts. */
  errors?: readonly unknown[];
};
type Visit = (letters: DeadLetter[], queueUrl: string) => Promise<Visited> | Visited;

/**
 * Visits the selected dead letters of the selected queues. Letters that `visit` does not report as gone become visible
 * again.
 * @param summarize called at the end of the walk, even if it failed
 * @throws when interrupted
 */
export async function walkLetters(
  { aws, names, urlOf, where }: ConnectedSystem,
  terminal: Terminal,
  { queues, matches }: Pick<Selection, 'queues' | 'matches'>,
  visit: Visit,
  summarize: () => void = () => undefined,
): Promise<void> {
  const progress = createProgress(terminal);
  const stopped = new AbortController();
  const signal = AbortSignal.any([terminal.signal, stopped.signal]);
  const outages: unknown[] = [];
  let read = 0;

  async function walk(queue: DeadLetterQueue): Promise<void> {
    const queueUrl = await urlOf(deadLetterQueueName(names, queue));
    const visitSelected = async (messages: Message[]) => {
      read += messages.length;
      progress.show(`${read} dead letters read`);
      const letters = messages
        .map((message) => toDeadLetter(message, readAttributes(message.MessageAttributes), queue, names))
        .filter(matches);
      const { gone = [], stop, errors = [] } = letters.length === 0 ? {} : await visit(letters, queueUrl);
      outages.push(...errors.filter((error) => error !== undefined && isUnavailable(error)));
      if (stop || outages.length > 0) stopped.abort();
      return gone;
    };
    await walkQueue({ ...aws, elapsedMs: terminal.elapsedMs }, { queueUrl, signal, visit: visitSelected });
  }

  const ends = await Promise.allSettled(queues.map(walk));
  progress.end();
  summarize();
  if (terminal.signal.aborted) throw new Error('Interrupted. The received messages are visible again.');
  // Each walk has released its messages, even if another one failed.
  const failed = ends.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  if (failed) throw failed.reason;
  if (outages.length > 0) terminal.err(`${where} cannot be reached; further dead letters were not looked at.\n`);
}
