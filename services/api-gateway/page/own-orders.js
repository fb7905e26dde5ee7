/** @import { LiveOrder, OrderPage } from '@orderflow/contracts' */
/** @import { Connection } from './feed.js' */
import { ask, RefusedError } from './api.js';
import { isUnderWay, toLiveOrder } from './live-state.js';
import { retryDelay } from './retry-delay.js';

/** As many as the list shows; older orders are in GET /api/orders. */
const NEWEST = 100;
/** While an order is on its way, and while none is. */
const LOOK_SOON_MS = 1_000;
const LOOK_AGAIN_MS = 10_000;

/**
 * Reads the newest orders of the customer from time to time, while the page is shown.
 * @param {object} handlers
 * @param {(orders: LiveOrder[]) => LiveOrder[]} handlers.onOrders returns the orders that are shown
 * @param {(state: Connection) => void} handlers.onConnection
 * @returns {() => void} looks now
 */
export function followOwnOrders({ onOrders, onConnection }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failures = 0;
  let isLooking = false;
  let isStale = false;
  let isOver = false;

  async function look() {
    isStale = true;
    clearTimeout(timer);
    if (isLooking || isOver || document.hidden) return;
    isLooking = true;
    isStale = false;
    let after = 0;
    try {
      const { items } = /** @type {OrderPage} */ (await ask(`api/orders?limit=${NEWEST}`));
      failures = 0;
      onConnection('live');
      // The list may lag behind an order that was just placed.
      const shown = onOrders(items.map(toLiveOrder));
      if (!isStale) after = shown.some(isUnderWay) ? LOOK_SOON_MS : LOOK_AGAIN_MS;
    } catch (error) {
      isOver = error instanceof RefusedError && error.isFinal;
      onConnection(isOver ? 'ended' : 'away');
      after = retryDelay(failures++);
    }
    isLooking = false;
    if (!isOver) timer = setTimeout(() => void look(), after);
  }

  document.addEventListener('visibilitychange', () => {
    if (isOver) return;
    onConnection(document.hidden ? 'paused' : 'connecting');
    void look();
  });
  void look();
  return () => void look();
}
