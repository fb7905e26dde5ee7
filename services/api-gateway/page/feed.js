/** @import { SystemState } from '@orderflow/contracts' */

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 8_000;
/** There is an event each second. A connection without any for this long is dead. */
const SILENCE_MS = 15_000;

/**
 * Follows the system while the page is open. EventSource gives up for good after an answer that is not a stream, so the
 * page reconnects itself. A hidden page closes its connection, because a browser has six for all its tabs. It catches up
 * from `history` when it is shown again.
 * @param {string} url
 * @param {object} handlers
 * @param {(state: SystemState) => void} handlers.onHistory
 * @param {(state: SystemState) => void} handlers.onSystem
 * @param {(state: 'connecting' | 'live' | 'paused' | 'away') => void} handlers.onConnection
 */
export function followSystem(url, { onHistory, onSystem, onConnection }) {
  /** @type {EventSource | undefined} */
  let source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failures = 0;

  function close() {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  function retry() {
    close();
    onConnection('away');
    const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
    timer = setTimeout(open, delay / 2 + (Math.random() * delay) / 2);
  }

  function listenFor() {
    clearTimeout(timer);
    timer = setTimeout(retry, SILENCE_MS);
  }

  /** @param {MessageEvent<unknown>} event */
  function stateOf({ data }) {
    const state = /** @type {unknown} */ (JSON.parse(String(data)));
    return /** @type {SystemState} */ (state);
  }

  function open() {
    close();
    source = new EventSource(url);
    listenFor();
    source.addEventListener('error', retry);
    source.addEventListener('history', (event) => {
      failures = 0;
      listenFor();
      onConnection('live');
      onHistory(stateOf(event));
    });
    source.addEventListener('system', (event) => {
      listenFor();
      onSystem(stateOf(event));
    });
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      close();
      onConnection('paused');
    } else {
      failures = 0;
      onConnection('connecting');
      open();
    }
  });
  if (!document.hidden) open();
}
