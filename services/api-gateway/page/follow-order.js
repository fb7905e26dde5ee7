/** @import { Order, Timeline } from '@orderflow/contracts' */
import { ask, RefusedError } from './api.js';

/** The notification is sent after the outcome. Only the timeline shows it. */
const LOOK_AGAIN_MS = 2_000;

/**
 * @typedef {object} OrderHandlers
 * @property {(order: Order, timeline: Timeline) => void} onRead
 * @property {(sentence: string) => void} onProblem
 */

/**
 * Reads an order and its timeline at once, at each step that the API reports, and from time to time.
 * @type {(orderId: string, handlers: OrderHandlers) => () => void} returns a function that ends it
 */
export function followOrder(orderId, { onRead, onProblem }) {
  const path = `api/orders/${encodeURIComponent(orderId)}`;
  const stopped = new AbortController();
  const { signal } = stopped;
  let isReading = false;
  let isStale = false;
  /** Keep unchanged content: someone may be reading it or copying from it. */
  let shown = '';

  async function refresh() {
    isStale = true;
    if (isReading) return;
    isReading = true;
    try {
      while (isStale && !signal.aborted) {
        isStale = false;
        const [order, timeline] = await Promise.all([
          /** @type {Promise<Order>} */ (ask(path, { signal })),
          /** @type {Promise<Timeline>} */ (ask(`${path}/timeline`, { signal })),
        ]);
        const text = JSON.stringify([order, timeline]);
        if (text === shown) continue;
        shown = text;
        onRead(order, timeline);
      }
    } catch (error) {
      shown = '';
      const isRefused = error instanceof RefusedError;
      if (!signal.aborted) onProblem(isRefused ? error.message : 'The API cannot be reached; trying again.');
    } finally {
      isReading = false;
    }
  }

  const source = new EventSource(`${path}/events`);
  source.addEventListener('order', () => void refresh());
  source.addEventListener('step', () => void refresh());
  const timer = setInterval(() => {
    if (!document.hidden) void refresh();
  }, LOOK_AGAIN_MS);
  void refresh();
  return () => {
    stopped.abort();
    source.close();
    clearInterval(timer);
  };
}
