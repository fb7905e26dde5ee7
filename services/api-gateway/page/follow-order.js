/** @import { Order, Problem, Timeline } from '@orderflow/contracts' */

/** The notification is sent after the outcome. Only the timeline shows it. */
const LOOK_AGAIN_MS = 2_000;

/**
 * @typedef {object} OrderHandlers
 * @property {(order: Order, timeline: Timeline) => void} onRead
 * @property {(sentence: string) => void} onProblem
 */

/**
 * @template T
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
async function read(url, signal) {
  const response = await fetch(url, { signal });
  const body = /** @type {unknown} */ (await response.json());
  if (!response.ok) throw new Error(/** @type {Problem} */ (body).detail);
  return /** @type {T} */ (body);
}

/** fetch throws a TypeError, and a proxy's own answer is not JSON. @param {unknown} error */
const sentenceOf = (error) =>
  error instanceof Error && !(error instanceof TypeError || error instanceof SyntaxError)
    ? error.message
    : 'The API cannot be reached; trying again.';

/**
 * Reads an order and its timeline at once, at each step that the API reports, and from time to time.
 * @param {string} orderId
 * @param {OrderHandlers} handlers
 * @returns {() => void} ends it
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
          /** @type {Promise<Order>} */ (read(path, signal)),
          /** @type {Promise<Timeline>} */ (read(`${path}/timeline`, signal)),
        ]);
        const text = JSON.stringify([order, timeline]);
        if (text === shown) continue;
        shown = text;
        onRead(order, timeline);
      }
    } catch (error) {
      shown = '';
      if (!signal.aborted) onProblem(sentenceOf(error));
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
