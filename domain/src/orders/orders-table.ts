import { INDEXES, type ResourceNames } from '@orderflow/contracts';
import { OUTBOX } from '../work-item-record.js';
import { orderCreated, orderOutcome } from './order-events.js';
import { ORDER_STATES, type OrderRecord } from './order.js';

/** Secondary indexes by which orders are listed. */
export const ORDER_INDEXES = {
  byCustomer: { name: INDEXES.byCustomer, partition: 'customerId', sort: 'createdAtId' },
  byTime: { name: INDEXES.byTime, partition: 'listBucket', sort: 'createdAtId' },
} as const;

export const ORDER_KEY = 'orderId';

/** How an event reaches a consumer: a rule on the bus, and the queue that it feeds. */
type ConsumerRoute = Readonly<Record<'rule' | 'queue', keyof ResourceNames>>;
export type OutcomeConsumers = Readonly<Record<string, ConsumerRoute>>;

export const NOTIFIER = 'notification-worker';

/**
 * Consumers that the outcome of an order waits for. Each confirms that the outcome's event has arrived. An outcome that
 * names none of them waits for NOTIFIER, which was the first.
 */
export const OUTCOME_CONSUMERS: OutcomeConsumers = {
  [NOTIFIER]: { rule: 'orderOutcomesRule', queue: 'notificationQueue' },
};

type Options = { notifies?: boolean; retentionDays?: number | undefined };

/**
 * The orders table: how its work items are named, keyed, published and indexed.
 * @param options.notifies false while notification-worker gets no outcomes: they do not wait for its confirmation
 * @param options.retentionDays how long an order is kept after its outcome is confirmed; absent: forever
 */
export function ordersTable(
  { ordersTable: name }: Pick<ResourceNames, 'ordersTable'>,
  { notifies = true, retentionDays }: Options = {},
) {
  return {
    name,
    key: ORDER_KEY,
    states: ORDER_STATES,
    outbox: OUTBOX,
    indexes: ORDER_INDEXES,
    createdEventOf: (order: object) => orderCreated(order as OrderRecord),
    outcomeEventOf: (order: object) => orderOutcome(order as OrderRecord),
    confirmedBy: Object.keys(OUTCOME_CONSUMERS).filter((consumer) => notifies || consumer !== NOTIFIER),
    firstConsumer: NOTIFIER,
    retentionDays,
  } as const;
}
