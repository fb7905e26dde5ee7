import { type TimelineStep } from '@orderflow/contracts';
import { toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { Readable } from 'node:stream';
import { readRecord } from '../orders/read-order.js';
import type { EventStream, EventStreams } from './event-stream.js';
import { isTerminal, type OrderWatcher } from './order-watcher.js';

type Dependencies = { orders: TableReader; watcher: OrderWatcher; streams: EventStreams };

/** The steps that led beyond a version. */
function stepsAfter(order: OrderRecord, version: number): TimelineStep[] {
  const { steps } = timelineOf(order);
  const isNew = (step: TimelineStep): boolean => step.version !== undefined && step.version > version;
  const messagesOf = (some: TimelineStep[]) => new Set(some.map(({ messageId }) => messageId));
  const told = messagesOf(steps.filter((step) => step.version !== undefined && !isNew(step)));
  const news = messagesOf(steps.filter(isNew));
  // That a message was sent is known from its first receive, and has no version of its own.
  return steps.filter(
    (step) => isNew(step) || (step.step === 'sent' && news.has(step.messageId) && !told.has(step.messageId)),
  );
}

/**
 * Tells a stream where the order stands, and how it came there from the version that the stream knows. Only the last
 * event has an id: a client that is cut off before it has not seen the version, and gets all of it again.
 */
function tell(stream: EventStream, order: OrderRecord, knownVersion: number | undefined): void {
  for (const step of knownVersion === undefined ? [] : stepsAfter(order, knownVersion)) {
    stream.send({ event: 'step', data: step });
  }
  stream.send({ event: 'order', data: toOrder(order), id: String(order.version) });
}

/**
 * A stream of an order's events: `order` with its present state, then for each change `step`, one or more, and `order`.
 * The id of `order` is the version. It ends with the order's outcome; `problem` says that the order cannot be read at present.
 */
export function createFollowOrder({ orders, watcher, streams }: Dependencies) {
  /**
   * @param client who follows, as clientOf tells
   * @param lastEventId the version that the client has seen
   * @returns undefined when nothing more will happen after what the client has seen
   * @throws ApiProblem ORDER_NOT_FOUND or TOO_MANY_STREAMS
   */
  return async (orderId: string, client: string, lastEventId?: string): Promise<Readable | undefined> => {
    let stopWatching: () => void = () => undefined;
    // Before the read: a client that has too many streams costs none.
    const stream = streams.open('order', client, () => {
      stopWatching();
    });
    const order = await readRecord(orders, orderId).catch((error: unknown) => {
      stream.body.destroy();
      throw error;
    });
    const seen = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : undefined;
    // Nobody can have seen what has not happened.
    let known = seen !== undefined && seen <= order.version ? seen : undefined;
    if (isTerminal(order) && known === order.version) {
      stream.body.destroy();
      return undefined;
    }
    const onChange = (changed: OrderRecord): void => {
      if (known !== undefined && changed.version <= known) return;
      tell(stream, changed, known);
      known = changed.version;
      if (isTerminal(changed)) stream.end();
    };
    onChange(order);
    known ??= order.version;
    if (!isTerminal(order) && !stream.body.destroyed) {
      const onProblem = (): void => {
        stream.send({
          event: 'problem',
          data: { detail: 'The database cannot be reached; this stream goes on when it can.' },
        });
      };
      stopWatching = watcher.watch(order, { onChange, onProblem });
    }
    return stream.body;
  };
}

export const FOLLOW_ORDER = Symbol('FOLLOW_ORDER');
export type FollowOrder = ReturnType<typeof createFollowOrder>;
