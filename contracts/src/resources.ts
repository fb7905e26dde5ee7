/** A stage prefixes every resource name, so that several systems can live in one account. */
export const STAGE_PATTERN = /^[a-z][a-z0-9-]{0,19}$/;

/** The names that infrastructure/template.yaml gives its resources in a stage. */
export function resourceNames(stage: string) {
  return {
    ordersTable: `${stage}-orders`,
    notificationsTable: `${stage}-notifications`,
    bus: `${stage}-orders`,
    orderQueue: `${stage}-order-queue`,
    orderDeadLetterQueue: `${stage}-order-queue-dlq`,
    notificationQueue: `${stage}-notification-queue`,
    notificationDeadLetterQueue: `${stage}-notification-queue-dlq`,
    undeliveredQueue: `${stage}-undelivered`,
    orderCreatedRule: `${stage}-order-created`,
    notificationRequestedRule: `${stage}-notification-requested`,
    orderOutcomesRule: `${stage}-order-outcomes`,
  } as const;
}

export type ResourceNames = ReturnType<typeof resourceNames>;

/** Every queue of a stage: the work queues, their dead-letter queues, and the queue of undelivered events. */
export function queueNames(names: ResourceNames): string[] {
  return [
    names.orderQueue,
    names.orderDeadLetterQueue,
    names.notificationQueue,
    names.notificationDeadLetterQueue,
    names.undeliveredQueue,
  ];
}

/** Secondary indexes; all of them project keys only. */
export const INDEXES = {
  outbox: 'outbox',
  byCustomer: 'by-customer',
  byTime: 'by-time',
  byOrder: 'by-order',
} as const;
