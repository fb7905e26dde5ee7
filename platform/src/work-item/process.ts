import { hostname } from 'node:os';
import type { Clock } from '../runtime/clock.js';
import { PermanentError } from '../runtime/errors.js';
import { failpoint } from '../runtime/failpoints.js';
import type { OutgoingEvent } from '../events/publisher.js';
import { claimItem, finishItem, postponeItem } from './claim.js';
import type { StatementExecutor } from '../dynamodb/executor.js';
import type { Lifecycle, Step } from './transitions.js';
import { afterAttempts, type Delivery, type HandlerResult } from '../worker/delivery.js';

/** The table that a worker works on. */
export type ItemTable = {
  executor: StatementExecutor;
  lifecycle: Lifecycle;
  now: Clock;
  leaseMs: number;
  /** Ms after which the sweeper looks at an item that a replay set going, or at an outcome that nobody has confirmed. */
  markerDelayMs: number;
  outboxShardOf: (id: string) => number;
  /** The marker outlives the outcome: somebody else confirms that the outcome's event has arrived. */
  outcomesAreConfirmed: boolean;
};

/** How the work on an item ended; `attributes` are written with the outcome, and so are further steps of its timeline. */
export type WorkResult = {
  result: 'completed' | 'failed';
  attributes: Record<string, unknown>;
  steps?: readonly Step[];
};

/** Attributes that every outcome sets. */
type Finished = { status: string; version: number; updatedAt: string };

/** What the work is told of the claim that it is done under. */
export type Claimed = {
  now: Clock;
  /** '' in the item's first life, then the id of the replay that began it; the same in every attempt of one life. */
  life: string;
  /** This life is given up: its work may not be begun again, only be ended. */
  isGivenUp: boolean;
};

type Job<Item extends object> = {
  id: string;
  /** What the event tells of the item: what `outcomeEventOf` needs besides the outcome itself. */
  known: Omit<Item, keyof Finished>;
  /** The event of a finished item. Called with the stored item when another delivery has finished it. */
  outcomeEventOf: (item: Item) => OutgoingEvent | undefined;
  work: (claimed: Claimed) => Promise<WorkResult>;
  /** Gives the item's present life up before `work` is called: whoever claims it from then on is told. */
  givesUp?: boolean;
};

/**
 * The end of an item whose message has used its attempts up and lies in the dead-letter queue; an operator's replay
 * starts it again.
 * @param what did not happen, such as "Not sent"
 */
export function endOfRetries(delivery: Delivery, what: string): (claimed: Pick<Claimed, 'now'>) => Promise<WorkResult> {
  const { messageId, attempt } = delivery;
  const message = `${what} ${afterAttempts(delivery)}; its message is in the dead-letter queue.`;
  return ({ now }) => {
    const entry = { at: new Date(now()).toISOString(), code: 'RECEIVES_EXHAUSTED', attempt, messageId };
    return Promise.resolve({
      result: 'failed',
      attributes: { failure: { code: 'RETRIES_EXHAUSTED', message, retriable: true } },
      steps: [{ name: 'dead-lettered', entry }],
    });
  };
}

/** In a container, its id. */
const WORKER = hostname();

const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

/**
 * Claims the item, does the work, writes the outcome, returns the event of it. Work that another delivery has done, or
 * is doing, is a duplicate: the outcome's event goes out again (it is the same event, with the same id), so that a
 * death between outcome and publishing loses nothing.
 * @throws PermanentError UNKNOWN_ITEM, and whatever `work` throws
 */
export async function workOnItem<Item extends object>(
  table: ItemTable,
  delivery: Delivery,
  { id, known, outcomeEventOf, work, givesUp = false }: Job<Item>,
): Promise<HandlerResult> {
  const { executor, lifecycle, now, leaseMs, markerDelayMs } = table;
  const claim = await claimItem(
    executor,
    lifecycle,
    {
      id,
      messageId: delivery.messageId,
      ...(delivery.replayId === undefined ? {} : { replayId: delivery.replayId }),
      leaseMs,
      givesUp,
      step: {
        name: 'received',
        entry: {
          at: new Date(now()).toISOString(),
          sentAt: new Date(delivery.sentAt).toISOString(),
          // One that gives the item up is no further attempt at it.
          ...(givesUp ? {} : { attempt: delivery.attempt }),
          messageId: delivery.messageId,
          worker: WORKER,
        },
      },
      marker: { outboxShard: table.outboxShardOf(id), delayMs: markerDelayMs },
    },
    now,
  );
  switch (claim.kind) {
    case 'unknown':
      throw new PermanentError('UNKNOWN_ITEM', `${lifecycle.table} has no item ${id}`, {
        details: { path: `detail.data.${lifecycle.key}` },
      });
    case 'held':
      return { outcome: 'duplicate', events: [] };
    case 'finished': {
      // Its marker is gone: whoever waits for the event has it.
      const isConfirmed = table.outcomesAreConfirmed && claim.item.outboxAt === undefined;
      // The table's items are written through the lifecycle only, so they have the item's shape.
      return { outcome: 'duplicate', events: isConfirmed ? [] : present(outcomeEventOf(claim.item as Item)) };
    }
    case 'claimed':
      break;
  }
  const { ownership, life, isGivenUp } = claim;
  delivery.held.postpone = ({ delaySeconds, reason }) => {
    const at = now();
    const entry = { at: new Date(at).toISOString(), delaySeconds, reason };
    return postponeItem(executor, lifecycle, ownership, { now: at, step: { name: 'retried', entry } });
  };
  failpoint('worker.after-claim');

  const { result, attributes: worked, steps = [] } = await work({ now, life, isGivenUp });
  failpoint('worker.after-work');
  const span = delivery.beginSpan?.();
  // Stored, so that whoever publishes the outcome's event again publishes the same one.
  const attributes = span ? { ...worked, outcomeTraceparent: span.traceparent } : worked;
  const at = now();
  const status = lifecycle.states[result];
  const step = { name: status.toLowerCase(), entry: { at: new Date(at).toISOString() } };
  const marker = table.outcomesAreConfirmed ? { outboxAt: at + markerDelayMs } : {};
  const outcome = { result, now: at, attributes, steps: [...steps, step], ...marker };
  const mine = await finishItem(executor, lifecycle, ownership, outcome);
  // Somebody took over while this delivery was late, and publishes what came of it.
  if (!mine) return { outcome: 'duplicate', events: [] };
  failpoint('worker.after-finish');

  const finished: Finished = { status, version: ownership.version + 1, updatedAt: new Date(at).toISOString() };
  const item = { ...known, ...attributes, ...finished } as Item;
  const events = present(outcomeEventOf(item));
  return { outcome: 'processed', events: span ? events.map((event) => ({ ...event, span })) : events };
}
