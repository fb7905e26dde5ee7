/**
 * What the system consists of, listed once. Resource names, the local run, doctor, orderctl, AsyncAPI, the live page and
 * the tests derive from this list. The template, Compose and Prometheus repeat it; tests/support/topology.test.ts
 * compares them. Plain JavaScript without imports, so that the tools can read it before anything is installed or built.
 */

/** Names without the stage's prefix. */
export const BUS = 'orders';
export const TABLES = /** @type {const} */ (['orders', 'notifications']);

/** Events that EventBridge could not deliver to their queue. */
export const UNDELIVERED = 'undelivered';

/**
 * The services. `port` is the default on a laptop, `portVariable` changes it, and `publishes` says what, for AsyncAPI.
 */
export const SERVICES = /** @type {const} */ ({
  'api-gateway': { port: 3000, portVariable: 'API_PORT', publishes: 'what it accepted' },
  'order-worker': { port: 3010, portVariable: 'ORDER_WORKER_PORT', publishes: 'outcomes' },
  'notification-worker': { port: 3020, portVariable: 'NOTIFICATION_WORKER_PORT', publishes: 'what it sent' },
});

/**
 * The work queues, under the names that operators use: `npm run dlq -- list --queue orders`. Each has one worker, and a
 * dead-letter queue whose name ends in `-dlq`. `rules` lists the events that each rule of the bus sends to the queue.
 * `operation` and `does` describe the worker in AsyncAPI.
 */
export const QUEUES = /** @type {const} */ ({
  orders: {
    name: 'order-queue',
    worker: 'order-worker',
    rules: { 'order-created': ['OrderCreated'] },
    operation: 'processOrders',
    does: 'processes orders',
  },
  notifications: {
    name: 'notification-queue',
    worker: 'notification-worker',
    rules: {
      'notification-requested': ['NotificationRequested'],
      'order-outcomes': ['OrderCompleted', 'OrderFailed'],
    },
    operation: 'sendNotifications',
    does: 'sends notifications',
  },
});
