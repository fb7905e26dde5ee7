/** @import { Order, Timeline } from '@orderflow/contracts' */
import { ask, problemIn, RefusedError } from './api.js';
import { followEvents } from './feed.js';

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
        if (!signal.aborted) onRead(order, timeline);
      }
    } catch (error) {
      if (!signal.aborted) onProblem(problemIn(error, 'The API cannot be reached; trying again.'));
      if (error instanceof RefusedError && error.isFinal) stop();
    } finally {
      isReading = false;
    }
  }

  const stopEvents = followEvents(`${path}/events`, {
    onEvent: (name) => {
      if (name === 'order' || name === 'step') void refresh();
    },
  });
  const timer = setInterval(() => {
    if (!document.hidden) void refresh();
  }, LOOK_AGAIN_MS);

  function stop() {
    stopped.abort();
    stopEvents();
    clearInterval(timer);
  }

  void refresh();
  return stop;
}
