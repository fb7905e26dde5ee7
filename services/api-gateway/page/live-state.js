/** @import { FlowPoint, LiveOrder, Order, SystemState } from '@orderflow/contracts' */

/** Upper bounds, however long the page is open. */
export const MAX_ORDERS = 200;
export const MAX_POINTS = 300;

/**
 * The last state, merged with the orders and seconds of earlier ones.
 * @typedef {Omit<SystemState, 'orders' | 'flow'> & { isKnown: boolean, orders: LiveOrder[], flow: FlowPoint[] }} LiveState
 * `isKnown`: the API has sent a whole state. Until then, an empty list does not mean that there are no orders.
 */

/** Nothing yet. @returns {LiveState} */
export const emptyState = () => ({ at: new Date(0).toISOString(), isKnown: false, queues: [], orders: [], flow: [] });

/** Newest first, each in its newest version. @type {(before: LiveOrder[], changed: LiveOrder[]) => LiveOrder[]} */
function mergeOrders(before, changed) {
  const orders = new Map(before.map((order) => [order.orderId, order]));
  for (const order of changed) {
    const known = orders.get(order.orderId);
    if (!known || order.version >= known.version) orders.set(order.orderId, order);
  }
  return [...orders.values()]
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.orderId < b.orderId ? 1 : -1))
    .slice(0, MAX_ORDERS);
}

/**
 * Oldest first, each second once. Seconds after the newest added one are from before the clock was set back.
 * @type {(before: FlowPoint[], added: FlowPoint[]) => FlowPoint[]}
 */
function mergeFlow(before, added) {
  const newest = added.at(-1)?.at;
  const kept = before.filter(({ at }) => newest === undefined || at <= newest);
  const points = new Map([...kept, ...added].map((point) => [point.at, point]));
  return [...points.values()].sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-MAX_POINTS);
}

/** @type {(before: LiveState, event: SystemState) => LiveState} */
export function withEvent(before, event) {
  return {
    ...event,
    // Orders that the API could not read may still exist.
    isKnown: before.isKnown || event.problem === undefined,
    orders: mergeOrders(before.orders, event.orders),
    flow: mergeFlow(before.flow, event.flow),
  };
}

/** @type {Record<Order['status'], LiveOrder['stage']>} */
const STAGES = { PENDING: 'accepted', PROCESSING: 'processing', COMPLETED: 'completed', FAILED: 'failed' };

/**
 * An order as the list shows it to its customer. Attempts and dead letters are for operators.
 * @param {Order} order
 * @returns {LiveOrder}
 */
export function toLiveOrder({ orderId, status, version, customerId, totalAmount, createdAt, updatedAt }) {
  const known = { orderId, version, customerId, totalAmount, createdAt, updatedAt };
  return { ...known, stage: STAGES[status], attempts: 0, deadLettered: false };
}

/**
 * Shows an order from this page at once, not a second later with the next event.
 * @type {(before: LiveState, order: Order) => LiveState}
 */
export function withPlaced(before, order) {
  if (before.orders.some(({ orderId }) => orderId === order.orderId)) return before;
  return { ...before, orders: mergeOrders(before.orders, [toLiveOrder(order)]) };
}

/** The first event of a new connection replaces everything: another API may have answered. */
export const withHistory = (/** @type {SystemState} */ history) => withEvent(emptyState(), history);

/** @param {Pick<LiveOrder, 'stage'>} order */
export const isUnderWay = ({ stage }) => stage !== 'completed' && stage !== 'failed';

/** Replaces the orders with those that the customer's list has now. @type {(before: LiveState, orders: LiveOrder[]) => LiveState} */
export const withOrders = (before, orders) => ({
  ...before,
  isKnown: true,
  orders: mergeOrders(before.orders, orders),
});
