/** @import { EventSourceMessage } from 'eventsource-parser' */
import { accessToken, isOutdated, RefusedError, refusalOf, request } from './api.js';
import { createParser } from './eventsource-parser/index.js';
import { retryDelay } from './retry-delay.js';

/** The API sends at least a comment every 15 s. A connection that is silent for longer is dead. */
const SILENCE_MS = 20_000;

/** `ended`: no retry helps. @typedef {'connecting' | 'live' | 'paused' | 'away' | 'ended'} Connection */

/**
 * @param {Response} response
 * @returns {Promise<ReadableStreamDefaultReader<Uint8Array> | undefined>} undefined if no event will follow
 * @throws RefusedError, or another error if it is not a stream
 */
async function readerOf(response) {
  if (response.status === 204) return undefined;
  if (!response.ok) throw await refusalOf(response);
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
  if (!isStream || !response.body) throw new Error('the answer is not an event stream');
  return response.body.getReader();
}

/**
 * Follows server-sent events while the page is open. EventSource could send no token, and gives up for good after an
 * answer that is not a stream, so the page reads the stream with fetch and reconnects itself. A hidden page closes its
 * connection, because a browser has six for all its tabs, and connects again when it is shown.
 * @param {string} path
 * @param {object} handlers
 * @param {(name: string, data: unknown) => void} handlers.onEvent
 * @param {(state: Connection) => void} [handlers.onConnection]
 * @returns {() => void} ends it
 */
export function followEvents(path, { onEvent, onConnection = () => {} }) {
  const stopped = new AbortController();
  /** @type {AbortController | undefined} */
  let connection;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failures = 0;
  let lastEventId = '';
  /** The token of the last stream that was opened without a pause. @type {string | undefined} */
  let replaced;

  function close() {
    clearTimeout(timer);
    connection?.abort();
    connection = undefined;
  }

  function retry() {
    close();
    onConnection('away');
    timer = setTimeout(open, retryDelay(failures++));
  }

  function finish() {
    stopped.abort();
    close();
    onConnection('ended');
  }

  /** @param {EventSourceMessage} message */
  function take({ event = 'message', id = lastEventId, data }) {
    lastEventId = id;
    failures = 0;
    onConnection('live');
    onEvent(event, JSON.parse(data));
  }

  /** @param {AbortSignal} signal @returns {Promise<boolean>} whether the stream ended and may go on */
  async function read(signal) {
    const headers = { accept: 'text/event-stream', ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }) };
    const reader = await readerOf(await request(path, { headers, signal, cache: 'no-store' }));
    if (!reader) return false;
    const decoder = new TextDecoder();
    const parser = createParser({ onEvent: take });
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return true;
      clearTimeout(timer);
      timer = setTimeout(retry, SILENCE_MS);
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  async function open() {
    close();
    const { signal } = (connection = new AbortController());
    timer = setTimeout(retry, SILENCE_MS);
    try {
      const token = await accessToken();
      const mayGoOn = await read(signal);
      if (signal.aborted) return;
      if (!mayGoOn) finish();
      // The API ends a stream when its token expires. Nothing is wrong then, once for each token.
      else if (isOutdated(token) && token !== replaced) {
        replaced = token;
        void open();
      } else retry();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RefusedError && error.isFinal) finish();
      else retry();
    }
  }

  document.addEventListener(
    'visibilitychange',
    () => {
      close();
      failures = 0;
      onConnection(document.hidden ? 'paused' : 'connecting');
      if (!document.hidden) void open();
    },
    { signal: stopped.signal },
  );
  if (!document.hidden) void open();
  return () => {
    stopped.abort();
    close();
  };
}
