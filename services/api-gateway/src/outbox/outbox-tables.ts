import type { ResourceNames } from '@orderflow/contracts';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { OUTCOME_CONSUMERS } from '@orderflow/domain/orders/orders-table';
import type { EventBridge } from '@orderflow/platform/aws/clients';
import { ruleCheck, type Check } from '@orderflow/platform/health/checks';
import type { Subscription, SweptTable } from '@orderflow/platform/work-item/swept-table';
import type { Queues, StoredItems } from '../infrastructure/tokens.js';

type Subscriptions = { names: ResourceNames; eventBridge: EventBridge; queues: Queues };
type Items = Record<'orders' | 'notifications', StoredItems>;

/**
 * The tables that the sweeper sweeps, and the checks of the rules that its events go through.
 * @param onOrderGivenUp called with each order that the sweeper gave up
 */
export function outboxTables(
  { names, eventBridge, queues }: Subscriptions,
  { orders, notifications }: Items,
  onOrderGivenUp: (order: OrderRecord) => void,
): { tables: SweptTable[]; checks: Record<string, Check> } {
  const checks: Record<string, Check> = {};
  function subscription(rule: string, queue: string): Subscription {
    const check = ruleCheck(eventBridge, { bus: names.bus, rule, queue });
    checks[`rule ${rule}`] = check;
    return { check, countQueue: () => queues.count(queue) };
  }
  const orderWork = subscription(names.orderCreatedRule, names.orderQueue);
  const notificationWork = subscription(names.notificationRequestedRule, names.notificationQueue);
  const consumers = Object.fromEntries(
    Object.entries(OUTCOME_CONSUMERS)
      .filter(([consumer]) => orders.table.confirmedBy.includes(consumer))
      .map(([consumer, { rule, queue }]) => [consumer, subscription(names[rule], names[queue])]),
  );
  const onGivenUp: SweptTable['onGivenUp'] = (item) => {
    onOrderGivenUp(item as OrderRecord);
  };
  const tables = [
    { table: orders.table, work: orderWork, consumers, onGivenUp },
    { table: notifications.table, work: notificationWork, consumers: {} },
  ];
  return { tables, checks };
}
