import { type TimelineStep } from '@orderflow/contracts';
import { toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { Readable } from 'node:stream';
import { readRecord } from '../orders/read-order.js';
import type { EventStream, EventStreams } from './event-stream.js';
import { isTerminal, type OrderWatcher } from './order-watcher.js';

type Dependencies = { orders: TableReader; watcher: OrderWatcher; streams: EventStreams };

/** The steps after a version. */
function stepsAfter(order: OrderRecord, version: number): TimelineStep[] {
  const { steps } = timelineOf(order);
  const isNew = (step: TimelineStep): boolean => step.version !== undefined && step.version > version;
  const messagesOf = (some: TimelineStep[]) => new Set(some.map(({ messageId }) => messageId));
  const seen = messagesOf(steps.filter((step) => step.version !== undefined && !isNew(step)));
  const news = messagesOf(steps.filter(isNew));
  // A `sent` step has no version: it is known only from the message's first receive.
  return steps.filter(
    (step) => isNew(step) || (step.step === 'sent' && news.has(step.messageId) && !seen.has(step.messageId)),
  );
}

/**
 * Sends the order's state, and the steps since the version that the client knows. Only the last event has an id: a
 * client that is cut off before it gets all of them again.
 */
function tell(stream: EventStream, order: OrderRecord, knownVersion: number | undefined): void {
  for (const step of knownVersion === undefined ? [] : stepsAfter(order, knownVersion)) {
    stream.send({ event: 'step', data: step });
  }
  stream.send({ event: 'order', data: toOrder(order), id: String(order.version) });
}

/**
 * Streams an order's events: `order` with its current state, then one or more `step` and an `order` for each change. The
 * id of `order` is the version. The stream ends with the outcome. `problem` means that the order cannot be read now.
 */
export function createFollowOrder({ orders, watcher, streams }: Dependencies) {
  /**
   * @param client the client's key, from clientOf
   * @param lastEventId the version that the client has seen
   * @returns undefined when the client has seen the outcome
   * @throws ApiProblem ORDER_NOT_FOUND or TOO_MANY_STREAMS
   */
  return async (orderId: string, client: string, lastEventId?: string): Promise<Readable | undefined> => {
    let stopWatching: () => void = () => undefined;
    // Open the stream before the read, so that a client with too many streams costs no read.
    const stream = streams.open('order', client, () => {
      stopWatching();
    });
    const order = await readRecord({ reader: orders }, orderId).catch((error: unknown) => {
      stream.body.destroy();
      throw error;
    });
    const seen = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : undefined;
    // A version in the future cannot have been seen.
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
