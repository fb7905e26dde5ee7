import { DeleteMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { replayIdFor, ownQueueNames, type DeadLetter } from '@orderflow/contracts';
import type { Sqs } from '@orderflow/platform/aws/clients';
import type { ConnectedSystem } from '../connect.js';
import { OperatorError } from '../operator-error.js';
import { row, type Terminal } from '../terminal.js';
import { readPatch } from './patch.js';
import { createPlanner, type Plan } from './plan-replay.js';
import { select, type SelectOptions } from './select.js';
import { walkLetters } from './walk-letters.js';

export type ReplayOptions = SelectOptions & {
  all?: boolean;
  dryRun?: boolean;
  maxReplays: number;
  patch?: string;
  json?: boolean;
};

type Send = Extract<Plan, { kind: 'send' }>;

/**
 * Deletes messages from their queue.
 * @returns the receipt handles of those that are gone
 */
export async function deleteLetters(
  sqs: Sqs,
  queueUrl: string,
  letters: readonly DeadLetter[],
): Promise<ReadonlySet<string>> {
  if (letters.length === 0) return new Set();
  const { Successful: successful = [] } = await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: letters.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle })),
    }),
  );
  return new Set(successful.map(({ Id: id }) => letters[Number(id)]?.receiptHandle ?? ''));
}

async function send({ aws, names, urlOf }: ConnectedSystem, { letter, ownQueue, body }: Send): Promise<void> {
  const values = {
    replayId: ['String', replayIdFor(letter.originalMessageId)],
    replayCount: ['String', String(letter.replayCount + 1)],
  } as const;
  await aws.sqs.send(
    new SendMessageCommand({
      QueueUrl: await urlOf(ownQueueNames(names)[ownQueue]),
      MessageBody: body,
      MessageAttributes: Object.fromEntries(
        Object.entries(values).map(([name, [type, text]]) => [name, { DataType: type, StringValue: text }]),
      ),
    }),
  );
}

const WIDTHS = [12, 36, 36];

function describe(plan: Plan, dryRun: boolean): { result: string; why: string } {
  if (plan.kind === 'send')
    return { result: dryRun ? 'would-replay' : 'replayed', why: `to ${plan.ownQueue}, ${plan.status}` };
  const { code, reason, path } = plan.refusal;
  return {
    result: 'refused',
    why: `${code}: ${reason}${path === undefined || reason.includes(path) ? '' : ` (at ${path})`}`,
  };
}

function print(plan: Plan, { json, dryRun = false }: ReplayOptions, terminal: Terminal): void {
  const { result, why } = describe(plan, dryRun);
  const { queue, messageId, originalMessageId, replayCount, event } = plan.letter;
  const { orderId } = event;
  if (!json) {
    terminal.out(row([result, originalMessageId, orderId ?? '-', why], WIDTHS));
    return;
  }
  const about =
    plan.kind === 'send' ? { ownQueue: plan.ownQueue, replayId: replayIdFor(originalMessageId) } : plan.refusal;
  terminal.out(`${JSON.stringify({ result, queue, messageId, originalMessageId, orderId, replayCount, ...about })}\n`);
}

/**
 * Sends dead letters to the queues they came from, each before it is deleted. The replay id follows from the original
 * message, so whoever replays it, and however often it lies there, its item is started anew once. 0; 1 when a message
 * was refused or the one that was asked for is not there.
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
  const total = { replayed: 0, refused: 0 };
  const startedAt = terminal.now();
  // What this very run has sent may fail and come back while it lasts.
  const hasComeBack = ({ replayCount, sentAt }: DeadLetter) => replayCount > 0 && sentAt >= startedAt;
  const chosen = { ...selection, matches: (letter: DeadLetter) => selection.matches(letter) && !hasComeBack(letter) };

  await walkLetters(system, terminal, chosen, async (letters, queueUrl) => {
    const plans = await Promise.all(letters.map(planFor));
    const sends = plans.filter((plan) => plan.kind === 'send');
    if (!options.dryRun) await Promise.all(sends.map((plan) => send(system, plan)));
    for (const plan of plans) print(plan, options, terminal);
    total.replayed += sends.length;
    total.refused += plans.length - sends.length;
    if (options.dryRun) return new Set();
    return deleteLetters(
      system.aws.sqs,
      queueUrl,
      sends.map(({ letter }) => letter),
    );
  });

  const done = options.dryRun ? 'would be replayed' : 'replayed';
  if (!options.json) {
    terminal.err(
      `${total.replayed} ${done}, ${total.refused} refused${total.refused > 0 ? ' and left where they are' : ''}\n`,
    );
  }
  const missing = options.id !== undefined && total.replayed + total.refused === 0;
  if (missing) terminal.err('No dead letter has this id; dlq list shows those that there are.\n');
  return total.refused > 0 || missing ? 1 : 0;
}
