import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { replayIdFor } from '@orderflow/domain/ids';
import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import type { ConnectedSystem } from '../connect.js';
import { OperatorError } from '../operator-error.js';
import { reasonOf } from '../outage.js';
import { row, type Terminal } from '../terminal.js';
import { deleteLetters } from './delete-letters.js';
import { readPatch } from './patch.js';
import { createPlanner, type Plan } from './plan-replay.js';
import { select, type SelectOptions } from './select.js';
import { sendLetter } from './send-letter.js';
import { walkLetters } from './walk-letters.js';

export type ReplayOptions = SelectOptions & {
  all?: boolean;
  dryRun?: boolean;
  maxReplays: number;
  patch?: string;
  json?: boolean;
};

/** Result for one letter. `failed`: it was not sent and stays in its queue. */
type Done = { plan: Plan; result: 'would-replay' | 'replayed' | 'past' | 'refused' | 'failed'; error?: unknown };

const WIDTHS = [12, 36, 36];

function whyOf({ plan, result, error }: Done): string {
  if (result === 'failed') return reasonOf(error);
  if (plan.kind === 'send') {
    const names = Object.keys(plan.letter.foreign);
    return `to ${plan.ownQueue}, ${plan.status}${names.length === 0 ? '' : `, with ${names.join(', ')}`}`;
  }
  if (plan.kind === 'fail') return reasonOf(plan.error);
  if (plan.kind === 'past') return `was replayed before, ${plan.status}`;
  const { code, reason, path } = plan.refusal;
  return `${code}: ${reason}${path === undefined || reason.includes(path) ? '' : ` (at ${path})`}`;
}

function print(done: Done, { json }: ReplayOptions, terminal: Terminal): void {
  const { plan, result } = done;
  const { queue, messageId, originalMessageId, replayCount, event, foreign } = plan.letter;
  const { orderId } = event;
  if (!json) {
    terminal.out(row([result, originalMessageId, orderId ?? '-', whyOf(done)], WIDTHS));
    return;
  }
  const sent = plan.kind === 'send' ? { ownQueue: plan.ownQueue, replayId: replayIdFor(originalMessageId) } : {};
  const refusal = plan.kind === 'refuse' ? plan.refusal : {};
  const failure = result === 'failed' ? { reason: whyOf(done) } : {};
  const about = { ...sent, ...refusal, ...failure, attributes: Object.keys(foreign) };
  terminal.out(`${JSON.stringify({ result, queue, messageId, originalMessageId, orderId, replayCount, ...about })}\n`);
}

async function perform(system: ConnectedSystem, plan: Plan, dryRun: boolean): Promise<Done> {
  if (plan.kind === 'refuse') return { plan, result: 'refused' };
  if (plan.kind === 'fail') return { plan, result: 'failed', error: plan.error };
  if (plan.kind === 'past') return { plan, result: 'past' };
  if (dryRun) return { plan, result: 'would-replay' };
  try {
    await sendLetter(system, plan);
    return { plan, result: 'replayed' };
  } catch (error) {
    return { plan, result: 'failed', error };
  }
}

const TOTALS = { replayed: 0, past: 0, refused: 0, failed: 0, left: 0 };

function summary({ replayed, past, refused, failed, left }: typeof TOTALS, dryRun: boolean | undefined): string {
  const parts = [
    `${replayed} ${dryRun ? 'would be replayed' : 'replayed'}`,
    `${refused} refused${refused > 0 ? ' and left where they are' : ''}`,
    ...(past > 0 ? [`${past} were replayed before${dryRun ? '' : ' and are deleted'}`] : []),
    ...(failed > 0 ? [`${failed} failed: they are left where they are, for the next run`] : []),
  ];
  const copies = `${left} of those that were replayed could not be deleted; to replay them again does no harm.\n`;
  return `${parts.join(', ')}\n${left > 0 ? copies : ''}`;
}

/**
 * Sends dead letters to their original queues, and then deletes them. The replay id is derived from the original
 * message, so copies and repeated replays start the item only once. An outage ends the walk, but sent letters are
 * still deleted and reported. Returns 0, or 1 if a message was refused, not sent, not deleted or not found.
 */
export async function replay(system: ConnectedSystem, terminal: Terminal, options: ReplayOptions): Promise<number> {
  const selection = select(options, terminal.now());
  if (selection.everything && !options.all) {
    throw new OperatorError('Say which: a filter such as --reason CODE or --order ID, or --all for every dead letter.');
  }
  const rules = {
    maxReplays: options.maxReplays,
    patch: options.patch === undefined ? [] : readPatch(options.patch),
  };
  const planFor = createPlanner(system, rules);
  const total = { ...TOTALS };
  const startedAt = terminal.now();
  // A letter that this run sent may fail and return during the run.
  const hasComeBack = ({ replayCount, sentAt }: DeadLetter) => replayCount > 0 && sentAt >= startedAt;
  const chosen = { ...selection, matches: (letter: DeadLetter) => selection.matches(letter) && !hasComeBack(letter) };
  const away = new AbortController();

  const visit = async (letters: DeadLetter[], queueUrl: string) => {
    const plans = await Promise.all(letters.map(planFor));
    const done = await Promise.all(plans.map((plan) => perform(system, plan, options.dryRun ?? false)));
    for (const one of done) print(one, options, terminal);
    const errors = done.flatMap(({ error }) => (error === undefined ? [] : [error]));
    const over = done.filter(({ result }) => result === 'replayed' || (result === 'past' && !options.dryRun));
    const { gone, left, error } = await deleteLetters(
      system.aws.sqs,
      queueUrl,
      over.map(({ plan }) => plan.letter),
    );
    total.replayed += done.filter(({ plan, result }) => plan.kind === 'send' && result !== 'failed').length;
    total.past += done.filter(({ result }) => result === 'past').length;
    total.refused += done.filter(({ result }) => result === 'refused').length;
    total.failed += errors.length;
    total.left += left.size;
    // Every further letter would run into the same timeouts.
    if ([...errors, error].some((one) => one !== undefined && isUnavailable(one))) away.abort();
    return gone;
  };

  try {
    await walkLetters(system, terminal, chosen, visit, away.signal);
  } finally {
    if (!options.json) terminal.err(summary(total, options.dryRun));
  }
  if (away.signal.aborted)
    terminal.err(`${system.where} cannot be reached; further dead letters were not looked at.\n`);
  const { replayed, past, refused, failed, left } = total;
  const missing = options.id !== undefined && replayed + past + refused + failed === 0;
  if (missing) terminal.err('No dead letter has this id; dlq list shows those that there are.\n');
  return refused + failed + left > 0 || missing ? 1 : 0;
}
