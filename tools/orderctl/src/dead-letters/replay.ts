import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { workQueueNames } from '@orderflow/contracts';
import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { decideReplay, refusalOfLetter, subjectOf, type Refusal } from '@orderflow/domain/dead-letters/replay-rules';
import { replayIdFor } from '@orderflow/domain/ids';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { whyMalformed } from '@orderflow/platform/events/decode';
import { compareOutcome } from '@orderflow/platform/work-item/stored-outcome';
import { writeAttributes } from '@orderflow/platform/worker/message-attributes';
import type { Operation } from 'rfc6902';
import type { ConnectedSystem } from '../connect.js';
import { reasonOf } from '../outage.js';
import type { Terminal } from '../terminal.js';
import { deleteLetters } from './delete-letters.js';
import { patchBody, readPatch } from './patch.js';
import { inWords, printResult, withAttributes, type Result } from './print-result.js';
import { selectToChange, type ChangeOptions } from './select.js';
import { walkLetters } from './walk-letters.js';

export type ReplayOptions = ChangeOptions & { maxReplays: number; patch?: string };

/**
 * Result for one letter. `past`: an earlier replay already started the item, and only this letter remained. `failed`: it
 * was not sent and stays in its queue.
 */
type Done = Result & { result: 'would-replay' | 'replayed' | 'past' | 'refused' | 'failed'; error?: unknown };

type Rules = { maxReplays: number; patch: readonly Operation[]; dryRun: boolean };

/** Sends dead letters to their original queues. Refuses those that the worker would dead-letter again. */
function createReplay({ aws, names, urlOf }: ConnectedSystem, { maxReplays, patch, dryRun }: Rules) {
  const { orders, notifications } = workItemTables(names);
  const readers = {
    order: createTableReader(aws.dynamo, orders),
    notification: createTableReader(aws.dynamo, notifications),
  };
  const failed = (letter: DeadLetter, error: unknown, about = {}): Done => {
    const why = reasonOf(error);
    return { letter, result: 'failed', why, about: { ...about, reason: why }, error };
  };

  async function replayOne(letter: DeadLetter): Promise<Done> {
    const refuse = (refusal: Refusal): Done => {
      return { letter, result: 'refused', why: inWords(refusal), about: refusal };
    };
    const { ownQueue, originalMessageId, replayCount, foreign } = letter;
    const patched = patch.length === 0 ? letter : patchBody(letter.body, patch);
    if ('refusal' in patched) return refuse(patched.refusal);
    const { body } = patched;
    const refusal = refusalOfLetter({ ...letter, body }, { whyMalformed, maxReplays });
    if (refusal) return refuse(refusal);

    const { what, id } = subjectOf(body);
    const item = await readers[what].get(id);
    const decision = decideReplay({ ...letter, body }, item, {
      compareOutcome: (order, reported) => compareOutcome(orders, order, reported),
    });
    if (typeof decision === 'object') return refuse(decision);
    const status = `${what} ${String(item?.status)}`;
    // Letters without a known queue were refused above.
    if (decision === 'past' || ownQueue === undefined) {
      return { letter, result: 'past', why: `was replayed before, ${status}`, about: {} };
    }
    const replayId = replayIdFor(originalMessageId);
    const about = { ownQueue, replayId };
    const why = [`to ${ownQueue}`, status, ...withAttributes(Object.keys(foreign))].join(', ');
    if (dryRun) return { letter, result: 'would-replay', why, about };
    try {
      await aws.sqs.send(
        new SendMessageCommand({
          QueueUrl: await urlOf(workQueueNames(names, ownQueue).name),
          MessageBody: body,
          MessageAttributes: writeAttributes({ replayId, replayCount: String(replayCount + 1) }, foreign),
        }),
      );
    } catch (error) {
      return failed(letter, error, about);
    }
    return { letter, result: 'replayed', why, about };
  }

  return (letter: DeadLetter): Promise<Done> => replayOne(letter).catch((error: unknown) => failed(letter, error));
}

const TOTALS = { replayed: 0, past: 0, refused: 0, failed: 0, left: 0 };

function summary({ replayed, past, refused, failed, left }: typeof TOTALS, dryRun: boolean): string {
  const parts = [
    `${replayed} ${dryRun ? 'would be replayed' : 'replayed'}`,
    `${refused} refused${refused > 0 ? ' and left where they are' : ''}`,
    ...(past > 0 ? [`${past} were replayed before${dryRun ? '' : ' and are deleted'}`] : []),
    ...(failed > 0 ? [`${failed} failed: they are left where they are, for the next run`] : []),
  ];
  const copies = `${left} of those that were replayed could not be deleted. Replaying them again does no harm.\n`;
  return `${parts.join(', ')}\n${left > 0 ? copies : ''}`;
}

/**
 * Sends dead letters to their original queues, and then deletes them. The replay id is derived from the original
 * message, so copies and repeated replays start the item only once. An outage ends the walk, but sent letters are
 * still deleted and reported. Returns 0, or 1 if a message was refused, not sent, not deleted or not found.
 */
export async function replay(system: ConnectedSystem, terminal: Terminal, options: ReplayOptions): Promise<number> {
  const { dryRun = false, json, maxReplays, id } = options;
  const startedAt = terminal.now();
  const selection = selectToChange(options, startedAt);
  const patch = options.patch === undefined ? [] : readPatch(options.patch);
  const replayOne = createReplay(system, { maxReplays, patch, dryRun });
  const total = { ...TOTALS };
  // A letter that this run sent may fail and return during the run.
  const hasComeBack = ({ replayCount, sentAt }: DeadLetter) => replayCount > 0 && sentAt >= startedAt;
  const chosen = { ...selection, matches: (letter: DeadLetter) => selection.matches(letter) && !hasComeBack(letter) };

  const visit = async (letters: DeadLetter[], queueUrl: string) => {
    const done = await Promise.all(letters.map(replayOne));
    for (const one of done) {
      const { replayCount, foreign } = one.letter;
      printResult(terminal, json, { ...one, about: { replayCount, ...one.about, attributes: Object.keys(foreign) } });
      total[one.result === 'would-replay' ? 'replayed' : one.result] += 1;
    }
    const over = done.filter(({ result }) => result === 'replayed' || (result === 'past' && !dryRun));
    const ended = over.map(({ letter }) => letter);
    const { gone, left, error } = await deleteLetters(system.aws.sqs, queueUrl, ended);
    total.left += left.size;
    return { gone, errors: [error, ...done.map((one) => one.error)] };
  };

  await walkLetters(system, terminal, chosen, visit, () => {
    if (!json) terminal.err(summary(total, dryRun));
  });
  const { replayed, past, refused, failed, left } = total;
  const missing = id !== undefined && replayed + past + refused + failed === 0;
  if (missing) terminal.err('No dead letter has this id. To see all: npm run dlq -- list\n');
  return refused + failed + left > 0 || missing ? 1 : 0;
}
