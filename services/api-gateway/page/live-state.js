/** @import { FlowPoint, LiveOrder, Order, SystemState } from '@orderflow/contracts' */

/** The page keeps no more than this, however long it is open. */
export const MAX_ORDERS = 200;
export const MAX_POINTS = 300;

/**
 * What the page knows: the last state, with the orders and seconds of earlier ones.
 * @typedef {Omit<SystemState, 'orders' | 'flow'> & { isKnown: boolean, orders: LiveOrder[], flow: FlowPoint[] }} LiveState
 * `isKnown`: the API has told all of it. Until then, that there is nothing here says nothing about the system.
 */

/** Nothing yet. @returns {LiveState} */
export const emptyState = () => ({
  ...{ at: new Date(0).toISOString(), isKnown: false, queues: [], orders: [], flow: [] },
});

/**
 * Newest first, each once, in its newest version.
 * @param {LiveOrder[]} before
 * @param {LiveOrder[]} changed
 */
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
 * Oldest first, each second once. Later ones than the newest that is added are of a clock that was set back since.
 * @param {FlowPoint[]} before
 * @param {FlowPoint[]} added
 */
function mergeFlow(before, added) {
  const newest = added.at(-1)?.at;
  const kept = before.filter(({ at }) => newest === undefined || at <= newest);
  const points = new Map([...kept, ...added].map((point) => [point.at, point]));
  return [...points.values()].sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-MAX_POINTS);
}

/**
 * @param {LiveState} before
 * @param {SystemState} event
 * @returns {LiveState}
 */
export function withEvent(before, event) {
  return {
    ...event,
    // What the API could not read when it was asked may be there all the same.
    isKnown: before.isKnown || event.problem === undefined,
    orders: mergeOrders(before.orders, event.orders),
    flow: mergeFlow(before.flow, event.flow),
  };
}

/**
 * Shows an order that was placed here at once; the next event would show it a second later.
 * @param {LiveState} before
 * @param {Order} order
 * @returns {LiveState}
 */
export function withPlaced(before, { orderId, version, customerId, totalAmount, createdAt, updatedAt }) {
  /** @type {LiveOrder} */
  const placed = {
    ...{ orderId, version, customerId, totalAmount, createdAt, updatedAt },
    ...{ stage: 'accepted', attempts: 0, deadLettered: false },
  };
  const isKnown = before.orders.some((known) => known.orderId === orderId);
  return isKnown ? before : { ...before, orders: mergeOrders(before.orders, [placed]) };
}

/**
 * What a new connection begins with replaces all: the API may be another one than before.
 * @param {SystemState} history
 * @returns {LiveState}
 */
export const withHistory = (history) => withEvent(emptyState(), history);
