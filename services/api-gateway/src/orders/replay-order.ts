import { type Order } from '@orderflow/contracts';
import { toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { restartIdFor, whyNotRestartable } from '@orderflow/domain/restart';
import type { Clock } from '@orderflow/platform/runtime/clock';
import type { OutgoingEvent } from '@orderflow/platform/events/publisher';
import type { StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { restartItem } from '@orderflow/platform/work-item/restart';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import { ApiProblem } from '../http/problems/api-problem.js';
import { readRecord } from './read-order.js';

type Dependencies = {
  executor: StatementExecutor;
  table: WorkItemTable;
  reader: TableReader;
  /** Publishes the event without waiting. If that fails, the sweeper publishes it. */
  publishSoon: (event: OutgoingEvent) => void;
  now: Clock;
  outboxDelayMs: number;
};

const notReplayable = (why: string) => new ApiProblem('ORDER_NOT_REPLAYABLE', `The order was not replayed: ${why}.`);

/**
 * Restarts a failed order from its stored item.
 * @throws ApiProblem ORDER_NOT_FOUND, ORDER_NOT_REPLAYABLE
 */
export function createReplayOrder({ executor, table, reader, publishSoon, now, outboxDelayMs }: Dependencies) {
  return async (orderId: string): Promise<Order> => {
    const seen = await readRecord(reader, orderId);
    const refusal = whyNotRestartable(seen);
    if (refusal !== undefined) throw notReplayable(refusal);

    const life = { replayId: restartIdFor(orderId, seen), markerDelayMs: outboxDelayMs };
    const result = await restartItem(executor, table, { seen, ...life }, now);
    if (result.kind === 'refused') throw notReplayable('it was changed meanwhile');
    const order = result.item as OrderRecord;
    publishSoon(orderCreated(order));
    return toOrder(order);
  };
}

export const REPLAY_ORDER = Symbol('REPLAY_ORDER');
export type ReplayOrder = ReturnType<typeof createReplayOrder>;
