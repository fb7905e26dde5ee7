/** @import { Order, Timeline } from '@orderflow/contracts' */
import { ask, problemIn } from './api.js';

/** The notification is sent after the outcome. Only the timeline shows it. */
const LOOK_AGAIN_MS = 2_000;

/**
 * Reads an order and its timeline at once, at each step that the API reports, and from time to time.
 * @param {string} orderId
 * @param {object} handlers
 * @param {(order: Order, timeline: Timeline) => void} handlers.onRead
 * @param {(sentence: string) => void} handlers.onProblem
 * @returns {() => void} ends it
 */
export function followOrder(orderId, { onRead, onProblem }) {
  const path = `api/orders/${encodeURIComponent(orderId)}`;
  const stopped = new AbortController();
  const { signal } = stopped;
  let isReading = false;
  let isStale = false;

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
        onRead(order, timeline);
      }
    } catch (error) {
      if (!signal.aborted) onProblem(problemIn(error, 'The API cannot be reached; trying again.'));
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
