import type { WorkQueue } from '@orderflow/contracts';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { decideReplay, refusalOfLetter, subjectOf, type Refusal } from '@orderflow/domain/dead-letters/replay-rules';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { whyMalformed } from '@orderflow/platform/events/decode';
import type { Operation } from 'rfc6902';
import type { ConnectedSystem } from '../connect.js';
import { patchBody } from './patch.js';

export type SendPlan = {
  kind: 'send';
  letter: DeadLetter;
  ownQueue: WorkQueue;
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
    order: createTableReader(aws.dynamo, ordersTable(names)),
    notification: createTableReader(aws.dynamo, notificationsTable(names)),
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
    const decision = decideReplay(replayed, item);
    if (typeof decision === 'object') return refuse(decision);
    const status = `${what} ${String(item?.status)}`;
    // Letters without a known queue were refused above.
    if (decision === 'past' || ownQueue === undefined) return { kind: 'past', letter, status };
    return { kind: 'send', letter, ownQueue, body, status };
  }

  return (letter: DeadLetter): Promise<Plan> =>
    plan(letter).catch((error: unknown): Plan => ({ kind: 'fail', letter, error }));
}
