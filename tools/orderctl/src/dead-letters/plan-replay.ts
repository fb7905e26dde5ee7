import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { type DeadLetter, type OwnQueue } from '@orderflow/domain/dead-letters/dead-letter';
import { decideReplay, refusalOfLetter, subjectOf, type Refusal } from '@orderflow/domain/dead-letters/replay-rules';
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
  /** Of the item, before. */
  status: string;
};

export type Plan =
  | SendPlan
  | { kind: 'refuse'; letter: DeadLetter; refusal: Refusal }
  /** Its replay has started the item already; the letter, or this copy of it, was left behind. */
  | { kind: 'past'; letter: DeadLetter; status: string }
  /** Nothing could be decided: what stands in the way is no fault of the letter. */
  | { kind: 'fail'; letter: DeadLetter; error: unknown };

export type ReplayRules = { maxReplays: number; patch: readonly Operation[] };

/** Decides message by message whether it can be replayed: what its worker would only dead-letter again is refused. */
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
    // What has no queue of ours was refused above.
    if (decision === 'past' || ownQueue === undefined) return { kind: 'past', letter, status };
    return { kind: 'send', letter, ownQueue, body, status };
  }

  return (letter: DeadLetter): Promise<Plan> =>
    plan(letter).catch((error: unknown): Plan => ({ kind: 'fail', letter, error }));
}
