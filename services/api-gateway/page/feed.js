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
  }

  function retry() {
    close();
    onConnection('away');
    const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
    timer = setTimeout(open, delay / 2 + (Math.random() * delay) / 2);
  }

  function open() {
    close();
    source = new EventSource(url);
    timer = setTimeout(retry, SILENCE_MS);
    source.addEventListener('error', retry);
    for (const [name, onState] of Object.entries({ history: onHistory, system: onSystem })) {
      source.addEventListener(name, (/** @type {MessageEvent<string>} */ { data }) => {
        failures = 0;
        clearTimeout(timer);
        timer = setTimeout(retry, SILENCE_MS);
        onConnection('live');
        const state = /** @type {unknown} */ (JSON.parse(data));
        onState(/** @type {SystemState} */ (state));
      });
    }
  }

  document.addEventListener('visibilitychange', () => {
    close();
    failures = 0;
    onConnection(document.hidden ? 'paused' : 'connecting');
    if (!document.hidden) open();
  });
  if (!document.hidden) open();
}
