/** Flows through the services. A flow fails when a permission that it needs is missing. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Timeline } from '@orderflow/contracts';
import { depthOf } from '@orderflow/platform/aws/queues';
import { eventually } from '@orderflow/testing/eventually';
import { SERVICE_NAMES, type Service } from '../../../tools/local/embedded.mjs';
import { orderFor } from '../api-client.js';
import { exhausted } from '../dead-letters.js';
import type { AwsRequest } from '../faulty-network/aws-json.js';
import { queueCounts } from '../operator.js';
import { put } from '../orders.js';
import { VISIBILITY_TIMEOUT_SECONDS, type GatedSystem } from './gated-system.js';

/**
 * Acts, and returns what must then become true. It is asked until it answers; it throws or answers nothing before.
 */
export type Flow<Gated = GatedSystem> = (gated: Gated) => Promise<() => Promise<unknown>>;

const must = (holds: boolean, what: string): true => {
  if (!holds) throw new Error(what);
  return true;
};

/** A failure that a person sees at once: waiting longer would change nothing. */
export class VisibleFailure extends Error {
  override readonly name = 'VisibleFailure';
}

const mustShow = (holds: boolean, what: string): true => {
  if (!holds) throw new VisibleFailure(what);
  return true;
};

async function get<T>({ system }: GatedSystem, path: string): Promise<T> {
  const response = await fetch(`${await system.apiUrl()}${path}`, { signal: AbortSignal.timeout(20_000) });
  mustShow(response.ok, `${path} answered ${response.status}`);
  return (await response.json()) as T;
}

/** Ready without any reason: neither down nor degraded. */
const ready =
  (service: Service): Flow =>
  async ({ system }) => {
    const [instance] = system.instances(service);
    return async () => {
      const response = await fetch(`http://127.0.0.1:${instance?.port ?? 0}/health/ready`);
      const text = await response.text();
      return mustShow(response.ok && !/reason|degraded/.test(text), `readiness says ${response.status} ${text}`);
    };
  };

/** An order ends in this state, and its customer is notified. */
const ordered =
  (productId: string, state: 'COMPLETED' | 'FAILED'): Flow =>
  async ({ api }) => {
    const { orderId } = await api.createOrder(orderFor(productId));
    return async () => {
      must((await api.order(orderId)).status === state, `the order is not ${state}`);
      const [notification] = (await api.notificationsOf(orderId)).items;
      return must(notification?.status === 'SENT', 'its notification is not SENT');
    };
  };

const requested: Flow = async ({ api }) => {
  const { orderId } = await api.createOrder(orderFor('book-1'));
  const { notificationId } = await api.createNotification({ orderId, channel: 'SMS', message: 'On its way' });
  return async () => must((await api.notification(notificationId)).status === 'SENT', 'the notification is not SENT');
};

const lists: Flow = async (gated) => {
  const { orderId } = await gated.api.createOrder(orderFor('book-1'));
  return async () => {
    for (const path of ['/api/orders?customerId=customer-1', '/api/orders']) {
      const { items } = await get<{ items: { orderId: string }[] }>(gated, path);
      must(
        items.some((item) => item.orderId === orderId),
        `${path} lacks the order`,
      );
    }
    const { steps } = await get<Timeline>(gated, `/api/orders/${orderId}/timeline`);
    must(
      steps.some(({ subject }) => subject === 'notification'),
      'the timeline lacks the notification',
    );
    const stream = await fetch(`${await gated.system.apiUrl()}/api/orders/${orderId}/events`);
    return must((await stream.text()).includes('COMPLETED'), 'the stream has no outcome');
  };
};

const systemPage: Flow = async (gated) => {
  await Promise.resolve();
  return async () => {
    const { problem, queues } = await get<{ problem?: string; queues: unknown[] }>(gated, '/api/system');
    return mustShow(problem === undefined && queues.length === 5, problem ?? 'queues are missing');
  };
};

const sendTo = async ({ aws, urlOf }: GatedSystem['direct'], queue: string, MessageBody: string) =>
  aws.sqs.send(new SendMessageCommand({ QueueUrl: await urlOf(queue), MessageBody }));

/** The page shows what is in each dead-letter queue. */
const deadLetterPage: Flow = async (gated) => {
  const { direct } = gated;
  const { orderDeadLetterQueue, notificationDeadLetterQueue, undeliveredQueue } = direct.names;
  for (const queue of [orderDeadLetterQueue, notificationDeadLetterQueue, undeliveredQueue]) {
    await sendTo(direct, queue, 'not JSON');
  }
  return async () => {
    const { items } = await get<{ items: { queue: string }[] }>(gated, '/api/dead-letters');
    return must(new Set(items.map(({ queue }) => queue)).size === 3, 'a queue is missing');
  };
};

/** A message that is not JSON becomes a dead letter. */
const deadLettered =
  (queue: 'orderQueue' | 'notificationQueue', dead: 'orderDeadLetterQueue' | 'notificationDeadLetterQueue'): Flow =>
  async ({ direct }) => {
    const before = (await queueCounts(direct, direct.names[dead])).visible;
    await sendTo(direct, direct.names[queue], 'not JSON');
    return async () =>
      must((await queueCounts(direct, direct.names[dead])).visible > before, 'there is no dead letter');
  };

/** An operator starts an order again, without a dead letter. */
const replayed: Flow = async ({ api, direct, system }) => {
  const item = exhausted();
  await put(direct, item);
  const response = await fetch(`${await system.apiUrl()}/api/orders/${item.orderId}/replay`, { method: 'POST' });
  must(response.ok, `the replay answered ${response.status}`);
  return async () => must((await api.order(item.orderId)).status === 'COMPLETED', 'the order is not COMPLETED');
};

/** Everything is acknowledged. */
const drained =
  (flow: Flow): Flow =>
  async (gated) => {
    const ends = await flow(gated);
    const { direct } = gated;
    return async () => {
      await ends();
      for (const queue of [direct.names.orderQueue, direct.names.notificationQueue]) {
        must(depthOf(await queueCounts(direct, queue)) === 0, `${queue} has messages`);
      }
      return true;
    };
  };

/** A first step is noted some time after SQS has delivered, so that two can be less than the visibility timeout apart. */
const RETRIED_WITHIN_MS = VISIBILITY_TIMEOUT_SECONDS * 750;

/** A handler that fails is retried after its backoff, before the message would become visible by itself. */
const retriedOrder: Flow = async (gated) => {
  const { orderId } = await gated.api.createOrder(orderFor('test-fails-1-times'));
  return async () => {
    const { steps } = await get<Timeline>(gated, `/api/orders/${orderId}/timeline`);
    const [first, second] = steps.filter(({ step }) => step === 'received').map(({ at }) => Date.parse(at));
    if (first === undefined || second === undefined) return undefined;
    return mustShow(second - first < RETRIED_WITHIN_MS, 'the retry came only with the visibility timeout');
  };
};

const retriedNotification: Flow = async (gated) => {
  const { api, network, direct } = gated;
  const { orderId } = await api.createOrder(orderFor('book-1'));
  // The order's own notification would meet the fault.
  await eventually(async () => (await api.notificationsOf(orderId)).items[0]?.status === 'SENT', 'its notification');
  const wants = `UPDATE \\"${direct.names.notificationsTable}\\"`;
  // Both tries of the call.
  let left = 2;
  const heal = network.add({
    ...{ service: 'DynamoDB', operation: 'BatchExecuteStatement', kind: 'error-500' },
    match: (request: AwsRequest) => {
      const text = JSON.stringify(request);
      return text.includes(wants) && text.includes('SENDING') && left-- > 0;
    },
  });
  const { notificationId } = await api.createNotification({ orderId, channel: 'SMS', message: 'On its way' });
  return async () => {
    const { createdAt, sentAt } = await api.notification(notificationId);
    if (sentAt === undefined) return undefined;
    heal();
    const tookMs = Date.parse(sentAt) - Date.parse(createdAt);
    return mustShow(tookMs < VISIBILITY_TIMEOUT_SECONDS * 1_000, 'the retry came only with the visibility timeout');
  };
};

/** The bus loses the first publication of this event. */
const republished =
  (detailType: string, flow: Flow): Flow =>
  async (gated) => {
    let lost = false;
    const heal = gated.network.add({
      ...{ service: 'EventBridge', operation: 'PutEvents', kind: 'swallow' },
      match: ({ Entries: [entry] = [] }: AwsRequest) => !lost && entry?.DetailType === detailType && (lost = true),
    });
    const ends = await flow(gated);
    return async () => {
      must(lost, `no ${detailType} was lost`);
      heal();
      return ends();
    };
  };

const orderWorkerIsReady = ready('order-worker');
const notificationWorkerIsReady = ready('notification-worker');

/** Every flow, by its name. */
export const SERVICE_FLOWS = {
  'api-gateway is ready': ready('api-gateway'),
  'order-worker is ready': orderWorkerIsReady,
  'notification-worker is ready': notificationWorkerIsReady,
  'an order completes': drained(ordered('book-1', 'COMPLETED')),
  'an order fails': drained(ordered('test-out-of-stock', 'FAILED')),
  'a notification is sent': drained(requested),
  'lists, timeline and stream': lists,
  'the system page': systemPage,
  'the dead-letter page': deadLetterPage,
  'a failed order is replayed': replayed,
  'an order is dead-lettered': deadLettered('orderQueue', 'orderDeadLetterQueue'),
  'a notification is dead-lettered': deadLettered('notificationQueue', 'notificationDeadLetterQueue'),
  'an order is retried': retriedOrder,
  'a notification is retried': retriedNotification,
  'a lost OrderCreated': republished('OrderCreated', ordered('book-1', 'COMPLETED')),
  'a lost NotificationRequested': republished('NotificationRequested', requested),
  'a lost OrderCompleted': republished('OrderCompleted', ordered('book-1', 'COMPLETED')),
  'a lost OrderFailed': republished('OrderFailed', ordered('test-out-of-stock', 'FAILED')),
} as const satisfies Record<string, Flow>;

export type ServiceFlow = keyof typeof SERVICE_FLOWS;

/** Runs a flow to its end. @throws when it does not end in time */
export async function runFlow<Gated>(name: string, flow: Flow<Gated>, gated: Gated, withinMs: number): Promise<void> {
  await eventually(await flow(gated), name, withinMs);
}

export const ALL_SERVICES: readonly Service[] = SERVICE_NAMES;
