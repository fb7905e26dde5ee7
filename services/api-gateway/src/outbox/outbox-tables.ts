import { Inject, Injectable } from '@nestjs/common';
import type { ResourceNames } from '@orderflow/contracts';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { OUTCOME_CONSUMERS } from '@orderflow/domain/orders/orders-table';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { ruleCheck, type Check } from '@orderflow/platform/health/checks';
import type { Subscription, SweptTable } from '@orderflow/platform/work-item/swept-table';
import { AWS, NAMES, NOTIFICATIONS, ORDERS, QUEUES, type Queues, type StoredItems } from '../infrastructure/tokens.js';
import { OrderMetrics } from '../orders/order-metrics.js';

/** The tables that the sweeper sweeps. */
@Injectable()
export class OutboxTables {
  /** The rules that events go through. */
  readonly checks: Record<string, Check> = {};
  readonly swept: readonly SweptTable[];

  constructor(
    @Inject(AWS) private readonly aws: AwsClients,
    @Inject(NAMES) private readonly names: ResourceNames,
    @Inject(QUEUES) private readonly queues: Queues,
    @Inject(ORDERS) { table: orders }: StoredItems,
    @Inject(NOTIFICATIONS) { table: notifications }: StoredItems,
    metrics: OrderMetrics,
  ) {
    const orderWork = this.subscription(names.orderCreatedRule, names.orderQueue);
    const notificationWork = this.subscription(names.notificationRequestedRule, names.notificationQueue);
    const consumers = Object.fromEntries(
      Object.entries(OUTCOME_CONSUMERS)
        .filter(([consumer]) => orders.confirmedBy.includes(consumer))
        .map(([consumer, { rule, queue }]) => [consumer, this.subscription(names[rule], names[queue])]),
    );
    const onGivenUp: SweptTable['onGivenUp'] = (item) => {
      metrics.gaveUp(item as OrderRecord);
    };
    this.swept = [
      { table: orders, work: orderWork, consumers, onGivenUp },
      { table: notifications, work: notificationWork, consumers: {} },
    ];
  }

  private subscription(rule: string, queue: string): Subscription {
    const check = ruleCheck(this.aws.eventBridge, { bus: this.names.bus, rule, queue });
    this.checks[`rule ${rule}`] = check;
    return { check, countQueue: () => this.queues.count(queue) };
  }
}
