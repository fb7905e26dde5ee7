import type { ResourceNames } from '@orderflow/contracts';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import type { NotificationRecord } from '@orderflow/domain/notifications/notification';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { orderCreated, orderOutcome } from '@orderflow/domain/orders/order-events';
import type { EventBridge } from '@orderflow/platform/aws/clients';
import { ruleCheck, type Check, type RuleRef } from '@orderflow/platform/health/readiness';
import type { OutboxTable, Route } from '@orderflow/platform/work-item/outbox-table';
import type { ApiEnv } from '../config.js';
import type { Queues, StoredItems } from '../infrastructure/tokens.js';

type Dependencies = {
  config: Readonly<ApiEnv>;
  names: ResourceNames;
  eventBridge: EventBridge;
  queues: Queues;
  orders: StoredItems;
  notifications: StoredItems;
  /** Called with each order that the sweeper gave up. */
  onOrderGivenUp: (order: OrderRecord) => void;
};

/** The tables that the sweeper sweeps, and the checks of the rules that its events go through. */
export function outboxTables(dependencies: Dependencies): { tables: OutboxTable[]; checks: Record<string, Check> } {
  const { config, names, eventBridge, queues, orders, notifications, onOrderGivenUp } = dependencies;
  const checks: Record<string, Check> = {};
  function subscription(rule: string, queue: string, eventOf: Route['eventOf']): Route {
    const ref: RuleRef = { bus: names.bus, rule, queue };
    const check = ruleCheck(eventBridge, ref);
    checks[`rule ${rule}`] = check;
    return { check, countQueue: () => queues.count(queue), eventOf };
  }
  const { orderQueue, notificationQueue } = names;
  const orderWork = subscription(names.orderCreatedRule, orderQueue, (item) => orderCreated(item as OrderRecord));
  const notificationWork = subscription(names.notificationRequestedRule, notificationQueue, (item) =>
    notificationRequested(item as NotificationRecord),
  );
  const outcome = config.NOTIFY_ON_ORDER_OUTCOME
    ? subscription(names.orderOutcomesRule, notificationQueue, (item) => orderOutcome(item as OrderRecord))
    : undefined;
  const onGivenUp: OutboxTable['onGivenUp'] = (item) => {
    onOrderGivenUp(item as OrderRecord);
  };
  const tables = [
    { ...orders, work: orderWork, outcome, onGivenUp },
    { ...notifications, work: notificationWork },
  ];
  return { tables, checks };
}
