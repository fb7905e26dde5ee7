import { type DeadLetter, type OwnQueue } from '@orderflow/domain/dead-letters/dead-letter';
import { judgeReplay, refusalOfLetter, subjectOf, type Refusal } from '@orderflow/domain/dead-letters/replay-rules';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { whyMalformed } from '@orderflow/platform/events/decode';
import type { Operation } from 'rfc6902';
import type { ConnectedSystem } from '../connect.js';
import { patchBody } from './patch.js';

export type SendPlan = {
  kind: 'send';
  letter: DeadLetter;
  ownQueue: OwnQueue;
  body: string;
  /** Status of the item before. */
  status: string;
};

export type Plan =
  | SendPlan
  | { kind: 'refuse'; letter: DeadLetter; refusal: Refusal }
  /** An earlier replay already started the item. Only this letter remained. */
  | { kind: 'past'; letter: DeadLetter; status: string }
  /** Undecided, for reasons outside the letter. */
  | { kind: 'fail'; letter: DeadLetter; error: unknown };

export type ReplayRules = { maxReplays: number; patch: readonly Operation[] };

/** Decides per message whether it can be replayed. Refuses those that the worker would dead-letter again. */
export function createPlanner({ aws, names }: Pick<ConnectedSystem, 'aws' | 'names'>, rules: ReplayRules) {
  const readers = {
    order: createTableReader(aws.dynamo, names.ordersTable, 'orderId'),
    notification: createTableReader(aws.dynamo, names.notificationsTable, 'notificationId'),
  };

  async function plan(letter: DeadLetter): Promise<Plan> {
    const refuse = (refusal: Refusal): Plan => ({ kind: 'refuse', letter, refusal });
    const { ownQueue } = letter;
    let { body } = letter;
    if (rules.patch.length > 0) {
      const patched = patchBody(body, rules.patch);
      if ('refusal' in patched) return refuse(patched.refusal);
      body = patched.body;
    }
    const replayed = { ...letter, body };
    const refusal = refusalOfLetter(replayed, { whyMalformed, maxReplays: rules.maxReplays });
    if (refusal) return refuse(refusal);

    const { what, id } = subjectOf(body);
    const item = await readers[what].get(id);
    const judgement = judgeReplay(replayed, item);
    if (typeof judgement === 'object') return refuse(judgement);
    const status = `${what} ${String(item?.status)}`;
    // Letters without a known queue were refused above.
    if (judgement === 'past' || ownQueue === undefined) return { kind: 'past', letter, status };
    return { kind: 'send', letter, ownQueue, body, status };
  }

  return (letter: DeadLetter): Promise<Plan> =>
    plan(letter).catch((error: unknown): Plan => ({ kind: 'fail', letter, error }));
}
