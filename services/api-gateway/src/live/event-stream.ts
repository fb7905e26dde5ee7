import { Readable } from 'node:stream';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';

/** One server-sent event: https://html.spec.whatwg.org/multipage/server-sent-events.html */
type ServerSentEvent = { event: string; data: object; id?: string };

export type EventStream = {
  /** What goes over the wire. */
  body: Readable;
  send: (event: ServerSentEvent) => void;
  /** No more events; what was sent still arrives. */
  end: () => void;
};

const STREAM_KINDS = ['order', 'system'] as const;
/** What a stream tells of: one order, or the whole system. */
type StreamKind = (typeof STREAM_KINDS)[number];

export type EventStreams = {
  /** @returns undefined when there are too many. `onClose` runs once, whoever ends the stream. */
  open: (kind: StreamKind, onClose: () => void) => EventStream | undefined;
  /** How many are open. */
  count: (kind: StreamKind) => number;
  /** Ends all streams, and each that is opened afterwards as soon as it has said where things stand. */
  endAll: () => void;
};

/** Proxies and clients give up connections on which nothing happens; many do after 30 s or 60 s. */
const HEARTBEAT_MS = 15_000;
/** Ms that a client is asked to wait before it connects again. */
const RETRY_MS = 1_000;
/** A client that reads so much slower than things happen is cut off; it connects again and gets the present state. */
const MOST_UNREAD_BYTES = 131_072;
/** A client that does not read must not hold up the process that is to stop. */
const END_WITHIN_MS = 5_000;
const MOST_STREAMS = 1_000;

export function createEventStreams(mostStreams = MOST_STREAMS): EventStreams {
  const streams = new Map<EventStream, StreamKind>();
  let ending = false;

  function open(kind: StreamKind, onClose: () => void): EventStream | undefined {
    if (streams.size >= mostStreams) return undefined;
    const body = new Readable({ read: () => undefined });
    const write = (text: string): void => {
      if (body.destroyed || body.readableEnded) return;
      if (body.readableLength > MOST_UNREAD_BYTES) body.destroy();
      else body.push(text);
    };
    const heartbeat = setInterval(() => {
      write(': still here\n\n');
    }, HEARTBEAT_MS);
    let ended = false;
    const stream: EventStream = {
      body,
      send: ({ event, data, id }) => {
        if (!ended) write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
      },
      end: () => {
        if (ended || body.destroyed) return;
        ended = true;
        clearInterval(heartbeat);
        body.push(null);
        const deadline = setTimeout(() => body.destroy(), END_WITHIN_MS);
        body.once('close', () => {
          clearTimeout(deadline);
        });
      },
    };
    // Also when the client has gone: the server destroys the body then.
    body.once('close', () => {
      clearInterval(heartbeat);
      streams.delete(stream);
      onClose();
    });
    streams.set(stream, kind);
    write(`retry: ${RETRY_MS}\n\n`);
    if (ending) setImmediate(stream.end);
    return stream;
  }

  return {
    open,
    count: (kind) => [...streams.values()].filter((one) => one === kind).length,
    endAll: () => {
      ending = true;
      for (const stream of streams.keys()) stream.end();
    },
  };
}

/** Requests that do not end are in no other metric: how many streams there are, looked at when somebody asks. */
export function exposeEventStreams(metrics: Metrics, { count }: EventStreams): void {
  metrics.gauge({
    name: 'event_streams_open',
    help: 'Event streams that are open: of single orders, and of the whole system.',
    labelNames: ['kind'],
    collect() {
      for (const kind of STREAM_KINDS) this.set({ kind }, count(kind));
    },
  });
}
