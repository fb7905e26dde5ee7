import { eventFactsOf, replayIdFor, type DeadLetter, type OwnQueue } from '@orderflow/contracts';
import { createTableReader, type TableReader } from '@orderflow/platform/statements/table-reader';
import type { Operation } from 'rfc6902';
import type { ConnectedSystem } from '../connect.js';
import { whyMalformed, type Refusal } from './judge-letter.js';
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
  const orders = createTableReader(aws.dynamo, names.ordersTable, 'orderId');
  const notifications = createTableReader(aws.dynamo, names.notificationsTable, 'notificationId');

  /** The item that the event is about: the order, or the notification that somebody asked for. */
  function subjectOf(body: string): { what: string; id: string; path: string; reader: TableReader } {
    const { type, orderId = '', notificationId = '' } = eventFactsOf(body);
    return type === 'NotificationRequested'
      ? { what: 'notification', id: notificationId, path: 'detail.data.notificationId', reader: notifications }
      : { what: 'order', id: orderId, path: 'detail.data.orderId', reader: orders };
  }

  async function plan(letter: DeadLetter): Promise<Plan> {
    const refuse = (refusal: Refusal): Plan => ({ kind: 'refuse', letter, refusal });
    const { ownQueue, replayCount } = letter;
    if (ownQueue === undefined) {
      return refuse({ code: 'UNKNOWN_TARGET', reason: 'it was meant for a queue that is none of this stage' });
    }
    if (replayCount >= rules.maxReplays) {
      const reason = `replayed ${replayCount} times already, the limit is ${rules.maxReplays} (--max-replays)`;
      return refuse({ code: 'REPLAYED_TOO_OFTEN', reason });
    }
    let { body } = letter;
    if (rules.patch.length > 0) {
      const patched = patchBody(body, rules.patch);
      if ('refusal' in patched) return refuse(patched.refusal);
      body = patched.body;
    }
    const malformed = whyMalformed(body, ownQueue);
    if (malformed) return refuse(malformed);

    const { what, id, path, reader } = subjectOf(body);
    const item = await reader.get(id);
    if (!item) return refuse({ code: 'UNKNOWN_ITEM', reason: `there is no ${what} ${id}`, path });
    const status = `${what} ${String(item.status)}`;
    // Of an outcome's event the order is the subject, and a notification what its replay starts.
    const isSubject = what === 'notification' || ownQueue === 'orders';
    if (isSubject && item.lastReplayId === replayIdFor(letter.originalMessageId))
      return { kind: 'past', letter, status };
    return { kind: 'send', letter, ownQueue, body, status };
  }

  return (letter: DeadLetter): Promise<Plan> =>
    plan(letter).catch((error: unknown): Plan => ({ kind: 'fail', letter, error }));
}
