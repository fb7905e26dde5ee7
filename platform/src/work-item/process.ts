import { hostname } from 'node:os';
import type { Clock } from '../runtime/clock.js';
import { PermanentError } from '../runtime/errors.js';
import { failpoint } from '../runtime/failpoints.js';
import { afterAttempts, type Delivery, type HandlerResult } from '../worker/delivery.js';
import { claimItem, finishItem, type WorkItemStore } from './claim.js';
import { postpone } from './transitions.js';
import type { TimelineEntry } from './work-item.js';

/** How the work ended. `attributes` and `entries` (of the timeline) are written with the outcome. */
export type WorkResult = {
  result: 'completed' | 'failed';
  attributes: Record<string, unknown>;
  entries?: readonly TimelineEntry[];
};

/** Attributes that every outcome sets. */
type Finished = { status: string; version: number; updatedAt: string };

/** What the work knows about its claim. */
export type Claimed = {
  now: Clock;
  /** '' in the item's first life, then the id of the replay that started it; the same in every attempt of one life. */
  life: string;
  /** This life was given up: the work may only end the item. */
  isGivenUp: boolean;
};

type Job<Item extends object> = {
  id: string;
  /** What the event tells about the item: what the table's `outcomeEventOf` needs besides the outcome itself. */
  known: Omit<Item, keyof Finished>;
  work: (claimed: Claimed) => Promise<WorkResult>;
  /**
   * The delivery's event is about another item, which this one derives from. `known` must then come from a stored item,
   * because the event's content is not compared with anything.
   */
  isDerived?: boolean;
  /** Gives the present life up before `work` is called. Later claims learn this from `isGivenUp`. */
  givesUp?: boolean;
};

/**
 * Ends an item whose message has used up its attempts. Its dead letter is sent after that. A replay starts it again.
 * @param what did not happen, for example "Not sent"
 */
export function endOfRetries(delivery: Delivery, what: string): (claimed: Pick<Claimed, 'now'>) => Promise<WorkResult> {
  const { messageId, attempt } = delivery;
  const message = `${what} ${afterAttempts(delivery)}; its message is in the dead-letter queue.`;
  return ({ now }) => {
    const at = new Date(now()).toISOString();
    return Promise.resolve({
      result: 'failed',
      attributes: { failure: { code: 'RETRIES_EXHAUSTED', message, retriable: true } },
      entries: [{ name: 'dead-lettered', at, code: 'RECEIVES_EXHAUSTED', attempt, messageId }],
    });
  };
}

/** In a container, its id. */
const WORKER = hostname();

const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

/**
 * Claims the item, does the work, writes the outcome, and returns the outcome's event. Work that another delivery has
 * done, or is doing, is a duplicate. The event of a stored outcome is returned again, with the same id, so that a crash
 * between outcome and publication loses nothing.
 * @throws PermanentError UNKNOWN_ITEM; EVENT_MISMATCH when the item was accepted with other content, in which case it is
 * untouched; and whatever `work` throws
 */
export async function workOnItem<Item extends object>(
  store: WorkItemStore,
  delivery: Delivery,
  { id, known, work, isDerived = false, givesUp = false }: Job<Item>,
): Promise<HandlerResult> {
  const { table, now, markerDelayMs } = store;
  const { messageId, replayId } = delivery;
  const received = {
    name: 'received',
    at: new Date(now()).toISOString(),
    sentAt: new Date(delivery.sentAt).toISOString(),
    // Giving the item up is not another attempt.
    ...(givesUp ? {} : { attempt: delivery.attempt }),
    messageId,
    worker: WORKER,
  };
  const contentHash = isDerived ? undefined : delivery.contentHash;
  const claim = await claimItem(store, { id, messageId, replayId, contentHash, givesUp, entry: received });
  if (claim.kind === 'unknown') {
    throw new PermanentError('UNKNOWN_ITEM', `${table.name} has no item ${id}`, { path: `detail.data.${table.key}` });
  }
  if (claim.kind === 'mismatch') {
    const message = `the event says something else than ${table.name} has stored for ${id}`;
    throw new PermanentError('EVENT_MISMATCH', message, { path: 'detail.data' });
  }
  if (claim.kind === 'leased') return { outcome: 'duplicate', events: [] };
  if (claim.kind === 'finished') {
    // Without a marker, every consumer that the outcome waits for has its event.
    const isConfirmed = table.confirmedBy.length > 0 && claim.item.outboxAt === undefined;
    return { outcome: 'duplicate', events: isConfirmed ? [] : present(table.outcomeEventOf(claim.item)) };
  }
  const { ownership, life, isGivenUp } = claim;
  delivery.claim.postpone = async ({ delaySeconds, reason }) => {
    const at = now();
    const entry = { name: 'retried', at: new Date(at).toISOString(), delaySeconds, reason };
    await store.executor.execute(postpone(table, id, { ...ownership, now: at, entry }));
  };
  failpoint('worker.after-claim');

  const { result, attributes: worked, entries = [] } = await work({ now, life, isGivenUp });
  failpoint('worker.after-work');
  const span = delivery.beginSpan?.();
  // Stored, so that a republication has the same context.
  const attributes = span ? { ...worked, outcomeTraceparent: span.traceparent } : worked;
  const at = now();
  const status = table.states[result];
  const entry = { name: status.toLowerCase(), at: new Date(at).toISOString() };
  const ended = { result, now: at, attributes, entries: [...entries, entry], outboxAt: at + markerDelayMs };
  const mine = await finishItem(store, ownership, ended);
  // Another message took over while this delivery was late, and publishes the outcome.
  if (!mine) return { outcome: 'duplicate', events: [] };
  failpoint('worker.after-finish');

  const finished: Finished = { status, version: ownership.version + 1, updatedAt: new Date(at).toISOString() };
  const events = present(table.outcomeEventOf({ ...known, ...attributes, ...finished }));
  return { outcome: 'processed', events: span ? events.map((event) => ({ ...event, span })) : events };
}
