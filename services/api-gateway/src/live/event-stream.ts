import { Readable } from 'node:stream';
import { createMonotonicClock, type MonotonicClock } from '@orderflow/platform/runtime/clock';
import { within } from '@orderflow/platform/runtime/within';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';
import { ApiProblem } from '../http/problems/api-problem.js';

/** One server-sent event: https://html.spec.whatwg.org/multipage/server-sent-events.html */
type ServerSentEvent = { event: string; data: object; id?: string };

export type EventStream = {
  /** The bytes for the client. */
  body: Readable;
  send: (event: ServerSentEvent) => void;
  /** Ends the stream after the events already sent. */
  end: () => void;
};

const STREAM_KINDS = ['order', 'system'] as const;
/** A stream shows one order or the whole system. */
type StreamKind = (typeof STREAM_KINDS)[number];

export const EVENT_STREAMS = Symbol('EVENT_STREAMS');
export type EventStreams = ReturnType<typeof createEventStreams>;

/** Proxies and clients close idle connections, many after 30 s or 60 s. */
const HEARTBEAT_MS = 15_000;
/** Ms that a client waits before it reconnects. */
const RETRY_MS = 1_000;
/** A client with more unread bytes is disconnected. It reconnects and gets the current state. */
const MAX_UNREAD_BYTES = 131_072;
/** A client that does not read must not delay shutdown. */
const END_WITHIN_MS = 5_000;
const MAX_STREAMS = 1_000;
const HEARTBEAT = Buffer.from(': still here\n\n');
const FIRST_BYTES = Buffer.from(`retry: ${RETRY_MS}\n\n`);

type Options = {
  maxStreams?: number;
  maxPerClient?: number;
  /** Called before more bytes are buffered for a client. */
  makeRoom?: (bytes: number) => void;
  monotonic?: MonotonicClock;
};

/** Encodes an event that is sent to many streams once, so that they share its bytes. */
function createEncode(): (event: ServerSentEvent) => Buffer {
  let latest: { event: ServerSentEvent; bytes: Buffer } | undefined;
  return (event) => {
    const { event: name, data, id } = event;
    const isSame = latest?.event.data === data && latest.event.event === name && latest.event.id === id;
    if (!latest || !isSame) {
      const text = `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
      latest = { event, bytes: Buffer.from(text) };
    }
    return latest.bytes;
  };
}

export function createEventStreams(options: Options = {}) {
  const { maxStreams = MAX_STREAMS, maxPerClient = MAX_STREAMS, makeRoom = () => undefined } = options;
  const { monotonic = createMonotonicClock() } = options;
  const streams = new Map<EventStream, { kind: StreamKind; client: string }>();
  const encode = createEncode();
  let ending = false;

  function refuseTooMany(client: string): void {
    const detail = 'event streams are open here. Close some, or try again shortly.';
    if (streams.size >= maxStreams) throw new ApiProblem('TOO_MANY_STREAMS', `${maxStreams} ${detail}`);
    const own = [...streams.values()].filter((stream) => stream.client === client).length;
    if (own >= maxPerClient) throw new ApiProblem('TOO_MANY_STREAMS', `${maxPerClient} of your ${detail}`);
  }

  /**
   * `onClose` runs once, whichever side ends the stream.
   * @param client the client's key, from clientOf
   * @throws ApiProblem TOO_MANY_STREAMS
   */
  function open(kind: StreamKind, client: string, onClose: () => void): EventStream {
    refuseTooMany(client);
    const body = new Readable({ read: () => undefined });
    const write = (bytes: Buffer): void => {
      if (body.destroyed || body.readableEnded) return;
      if (body.readableLength > MAX_UNREAD_BYTES) {
        body.destroy();
        return;
      }
      makeRoom(bytes.byteLength);
      body.push(bytes);
    };
    const heartbeat = setInterval(() => {
      write(HEARTBEAT);
    }, HEARTBEAT_MS);
    let ended = false;
    const stream: EventStream = {
      body,
      send: (event) => {
        if (!ended) write(encode(event));
      },
      end: () => {
        if (ended || body.destroyed) return;
        ended = true;
        clearInterval(heartbeat);
        body.push(null);
        const closed = new Promise<unknown>((resolve) => body.once('close', resolve));
        void within(closed, { ms: END_WITHIN_MS, monotonic, onLate: () => body.destroy() });
      },
    };
    // This also runs when the client has left: the server destroys the body then.
    body.once('close', () => {
      clearInterval(heartbeat);
      streams.delete(stream);
      onClose();
    });
    streams.set(stream, { kind, client });
    write(FIRST_BYTES);
    if (ending) setImmediate(stream.end);
    return stream;
  }

  return {
    open,
    /** The number of open streams. */
    count: (kind: StreamKind): number => [...streams.values()].filter((stream) => stream.kind === kind).length,
    /** Ends all streams. One that is opened later ends after it has sent the current state. */
    endAll: (): void => {
      ending = true;
      for (const stream of streams.keys()) stream.end();
    },
  };
}

/** Counts open streams at scrape time. No other metric covers requests that do not end. */
export function exposeEventStreams(metrics: Metrics, { count }: Pick<EventStreams, 'count'>): void {
  metrics.gauge({
    name: 'event_streams_open',
    help: 'Event streams that are open: of single orders, and of the whole system.',
    labelNames: ['kind'],
    collect() {
      for (const kind of STREAM_KINDS) this.set({ kind }, count(kind));
    },
  });
}
