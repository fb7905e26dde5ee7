import { Injectable } from '@nestjs/common';
import { type TimelineStep } from '@orderflow/contracts';
import { ORDER_STATES, toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { isFinished } from '@orderflow/platform/work-item/work-item';
import type { Readable } from 'node:stream';
import type { Caller } from '../identity/caller.js';
import { Orders } from '../infrastructure/stored-items.js';
import { EventStreams, type Client, type EventStream } from './event-stream.js';
import { OrderWatcher } from './order-watcher.js';

const hasEnded = (order: OrderRecord): boolean => isFinished({ states: ORDER_STATES }, order);

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
@Injectable()
export class FollowOrder {
  constructor(
    private readonly orders: Orders,
    private readonly watcher: OrderWatcher,
    private readonly streams: EventStreams,
  ) {}

  /**
   * @param lastEventId the version that the client has seen
   * @returns undefined when the client has seen the outcome
   * @throws ApiProblem ORDER_NOT_FOUND or TOO_MANY_STREAMS
   */
  async follow(caller: Caller, orderId: string, client: Client, lastEventId?: string): Promise<Readable | undefined> {
    let stopWatching: () => void = () => undefined;
    // Open the stream before the read, so that a client with too many streams costs no read.
    const stream = this.streams.open('order', client, () => {
      stopWatching();
    });
    const order = await this.orders.getRecord(caller, orderId).catch((error: unknown) => {
      stream.body.destroy();
      throw error;
    });
    const seen = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : undefined;
    // A version in the future cannot have been seen.
    let known = seen !== undefined && seen <= order.version ? seen : undefined;
    if (hasEnded(order) && known === order.version) {
      stream.body.destroy();
      return undefined;
    }
    const onChange = (changed: OrderRecord): void => {
      if (known !== undefined && changed.version <= known) return;
      tell(stream, changed, known);
      known = changed.version;
      if (hasEnded(changed)) stream.end();
    };
    onChange(order);
    if (!hasEnded(order) && !stream.body.destroyed) {
      const data = { detail: 'The database cannot be reached; this stream resumes when it can.' };
      const onProblem = (): void => {
        stream.send({ event: 'problem', data });
      };
      stopWatching = this.watcher.watch(order, { onChange, onProblem });
    }
    return stream.body;
  }
}
