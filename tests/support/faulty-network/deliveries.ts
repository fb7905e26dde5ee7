import type { SqsMessage } from './aws-json.js';

/** A queue's deliveries, as seen on the wire. */
export type QueueDeliveries = {
  messages: number;
  /** Redeliveries among them: ApproximateReceiveCount above 1. */
  redelivered: number;
  /** Copies among them that a fault injected. */
  duplicated: number;
  /** Deliveries by order id, without injected ones. */
  perOrder: Map<string, number>;
};

/** Undefined for messages without an order id. */
function orderIdOf(body: string): string | undefined {
  try {
    const { detail } = JSON.parse(body) as { detail?: { data?: { orderId?: unknown } } };
    const orderId = detail?.data?.orderId;
    return typeof orderId === 'string' ? orderId : undefined;
  } catch {
    return undefined;
  }
}

const newCounts = (): QueueDeliveries => ({ messages: 0, redelivered: 0, duplicated: 0, perOrder: new Map() });

export function createDeliveryCounts() {
  const queues = new Map<string, QueueDeliveries>();
  return {
    queues,
    count: (queue: string, messages: SqsMessage[], copies: SqsMessage[]): void => {
      const counts = queues.get(queue) ?? newCounts();
      queues.set(queue, counts);
      counts.duplicated += copies.length;
      for (const { Attributes } of [...messages, ...copies]) {
        counts.messages++;
        if (Number(Attributes?.ApproximateReceiveCount ?? 1) > 1) counts.redelivered++;
      }
      for (const { Body } of messages) {
        const orderId = orderIdOf(Body);
        if (orderId !== undefined) counts.perOrder.set(orderId, (counts.perOrder.get(orderId) ?? 0) + 1);
      }
    },
  };
}

export type DeliveryCounts = ReturnType<typeof createDeliveryCounts>;
