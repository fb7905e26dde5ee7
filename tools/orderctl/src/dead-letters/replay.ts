import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { workQueueNames } from '@orderflow/contracts';
import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { replayIdFor } from '@orderflow/domain/ids';
import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import { writeAttributes } from '@orderflow/platform/worker/message-attributes';
import type { ConnectedSystem } from '../connect.js';
import { reasonOf } from '../outage.js';
import type { Terminal } from '../terminal.js';
import { deleteLetters } from './delete-letters.js';
import { readPatch } from './patch.js';
import { createPlanner, type Plan, type SendPlan } from './plan-replay.js';
import { printResult } from './print-result.js';
import { selectToChange, type ChangeOptions } from './select.js';
import { walkLetters } from './walk-letters.js';

export type ReplayOptions = ChangeOptions & { maxReplays: number; patch?: string };

/** Result for one letter. `failed`: it was not sent and stays in its queue. */
type Done = { plan: Plan; result: 'would-replay' | 'replayed' | 'past' | 'refused' | 'failed'; error?: unknown };

/** Sends a dead letter to its original queue, with the attributes of other systems. */
async function send({ aws, names, urlOf }: ConnectedSystem, { letter, ownQueue, body }: SendPlan): Promise<void> {
  const { originalMessageId, replayCount, foreign } = letter;
  const replay = { replayId: replayIdFor(originalMessageId), replayCount: String(replayCount + 1) };
  await aws.sqs.send(
    new SendMessageCommand({
      QueueUrl: await urlOf(workQueueNames(names, ownQueue).name),
      MessageBody: body,
      MessageAttributes: writeAttributes(replay, foreign),
    }),
  );
}

async function perform(system: ConnectedSystem, plan: Plan, dryRun: boolean): Promise<Done> {
  if (plan.kind === 'refuse') return { plan, result: 'refused' };
  if (plan.kind === 'fail') return { plan, result: 'failed', error: plan.error };
  if (plan.kind === 'past') return { plan, result: 'past' };
  if (dryRun) return { plan, result: 'would-replay' };
  try {
    await send(system, plan);
    return { plan, result: 'replayed' };
  } catch (error) {
    return { plan, result: 'failed', error };
  }
}

function whyOf({ plan, result, error }: Done): string {
  if (result === 'failed' || plan.kind === 'fail') return reasonOf(error);
  if (plan.kind === 'past') return `was replayed before, ${plan.status}`;
  if (plan.kind === 'send') {
    const names = Object.keys(plan.letter.foreign);
    return `to ${plan.ownQueue}, ${plan.status}${names.length === 0 ? '' : `, with ${names.join(', ')}`}`;
  }
  const { code, reason, path } = plan.refusal;
  return `${code}: ${reason}${path === undefined || reason.includes(path) ? '' : ` (at ${path})`}`;
}

function print(done: Done, { json }: ReplayOptions, terminal: Terminal): void {
  const { plan, result } = done;
  const { letter } = plan;
  const why = whyOf(done);
  const about = {
    replayCount: letter.replayCount,
    ...(plan.kind === 'send' ? { ownQueue: plan.ownQueue, replayId: replayIdFor(letter.originalMessageId) } : {}),
    ...(plan.kind === 'refuse' ? plan.refusal : {}),
    ...(result === 'failed' ? { reason: why } : {}),
    attributes: Object.keys(letter.foreign),
  };
  printResult(terminal, json, { letter, result, why, about });
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
  const planFor = createPlanner(system, { maxReplays, patch });
  const total = { ...TOTALS };
  // A letter that this run sent may fail and return during the run.
  const hasComeBack = ({ replayCount, sentAt }: DeadLetter) => replayCount > 0 && sentAt >= startedAt;
  const chosen = { ...selection, matches: (letter: DeadLetter) => selection.matches(letter) && !hasComeBack(letter) };

  const visit = async (letters: DeadLetter[], queueUrl: string) => {
    const plans = await Promise.all(letters.map(planFor));
    const done = await Promise.all(plans.map((plan) => perform(system, plan, dryRun)));
    for (const one of done) {
      print(one, options, terminal);
      total[one.result === 'would-replay' ? 'replayed' : one.result] += 1;
    }
    const over = done.filter(({ result }) => result === 'replayed' || (result === 'past' && !dryRun));
    const ended = over.map(({ plan }) => plan.letter);
    const { gone, left, error } = await deleteLetters(system.aws.sqs, queueUrl, ended);
    total.left += left.size;
    // Every further letter would run into the same timeouts.
    const stop = [error, ...done.map((one) => one.error)].some((one) => one !== undefined && isUnavailable(one));
    return { gone, stop };
  };

  const { isStopped } = await walkLetters(system, terminal, chosen, visit).finally(() => {
    if (!json) terminal.err(summary(total, dryRun));
  });
  if (isStopped) terminal.err(`${system.where} cannot be reached; further dead letters were not looked at.\n`);
  const { replayed, past, refused, failed, left } = total;
  const missing = id !== undefined && replayed + past + refused + failed === 0;
  if (missing) terminal.err('No dead letter has this id. To see all: npm run dlq -- list\n');
  return refused + failed + left > 0 || missing ? 1 : 0;
}
