import { Readable } from 'node:stream';
import {
  createParamDecorator,
  Injectable,
  type BeforeApplicationShutdown,
  type ExecutionContext,
} from '@nestjs/common';
import { within } from '@orderflow/platform/runtime/within';
import type { FastifyRequest } from 'fastify';
import { ApiEnv } from '../config.js';
import { clientOf } from '../http/limits/client-of.js';
import { ApiProblem } from '../http/problems/api-problem.js';
import { Clock, Metrics, MonotonicClock, UnreadAnswers } from '../infrastructure/tokens.js';

/** One server-sent event: https://html.spec.whatwg.org/multipage/server-sent-events.html */
type ServerSentEvent = { event: string; data: object; id?: string };

export type EventStream = {
  /** The bytes for the client. */
  body: Readable;
  send: (event: ServerSentEvent) => void;
  /** Ends the stream after the events already sent. */
  end: () => void;
};

/** Who watches a stream. */
export type Client = {
  /** Counts the streams of one client. */
  key: string;
  /** Epoch ms at which its token expires, and the stream ends. Absent without tokens. */
  until?: number | undefined;
};

/** The client of a stream, for controllers. */
export const FromClient = createParamDecorator((_: unknown, execution: ExecutionContext): Client => {
  const request = execution.switchToHttp().getRequest<FastifyRequest>();
  return { key: clientOf(request), until: request.caller?.expiresAt };
});

const STREAM_KINDS = ['order', 'system'] as const;
/** A stream shows one order or the whole system. */
type StreamKind = (typeof STREAM_KINDS)[number];

/** Proxies and clients close idle connections, many after 30 s or 60 s. */
const HEARTBEAT_MS = 15_000;
/** Ms that a client waits before it reconnects. */
const RETRY_MS = 1_000;
/** A client with more unread bytes is disconnected. It reconnects and gets the current state. */
const MAX_UNREAD_BYTES = 131_072;
/** A client that does not read must not delay shutdown. */
const END_WITHIN_MS = 5_000;
const MAX_STREAMS = 1_000;
/** Node fires a longer timer at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const HEARTBEAT = Buffer.from(': still here\n\n');
const FIRST_BYTES = Buffer.from(`retry: ${RETRY_MS}\n\n`);

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

@Injectable()
export class EventStreams implements BeforeApplicationShutdown {
  readonly maxStreams = MAX_STREAMS;
  private readonly streams = new Map<EventStream, { kind: StreamKind; client: string }>();
  private readonly encode = createEncode();
  private ending = false;

  constructor(
    private readonly config: ApiEnv,
    private readonly unread: UnreadAnswers,
    private readonly monotonic: MonotonicClock,
    private readonly now: Clock,
    metrics: Metrics,
  ) {
    const { streams } = this;
    // No other metric covers requests that do not end.
    metrics.gauge({
      name: 'event_streams_open',
      help: 'Event streams that are open: of single orders, and of the whole system.',
      labelNames: ['kind'],
      collect() {
        for (const kind of STREAM_KINDS) {
          this.set({ kind }, [...streams.values()].filter((stream) => stream.kind === kind).length);
        }
      },
    });
  }

  /**
   * `onClose` runs once, whichever side ends the stream.
   * @throws ApiProblem TOO_MANY_STREAMS
   */
  open(kind: StreamKind, { key: client, until }: Client, onClose: () => void): EventStream {
    this.refuseTooMany(client);
    const { streams, encode, unread, monotonic } = this;
    const body = new Readable({ read: () => undefined });
    const write = (bytes: Buffer): void => {
      if (body.destroyed || body.readableEnded) return;
      if (body.readableLength > MAX_UNREAD_BYTES) {
        body.destroy();
        return;
      }
      unread.makeRoom(bytes.byteLength);
      body.push(bytes);
    };
    const hasExpired = () => until !== undefined && this.now() >= until;
    const heartbeat = setInterval(() => {
      // The timer below stands still while the machine sleeps.
      if (hasExpired()) stream.end();
      else write(HEARTBEAT);
    }, HEARTBEAT_MS);
    const expiry =
      until === undefined
        ? undefined
        : setTimeout(
            () => {
              if (hasExpired()) stream.end();
            },
            Math.min(Math.max(0, until - this.now()), MAX_TIMER_MS),
          );
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
        clearTimeout(expiry);
        body.push(null);
        const closed = new Promise<unknown>((resolve) => body.once('close', resolve));
        void within(closed, { ms: END_WITHIN_MS, monotonic, onLate: () => body.destroy() });
      },
    };
    // This also runs when the client has left: the server destroys the body then.
    body.once('close', () => {
      clearInterval(heartbeat);
      clearTimeout(expiry);
      streams.delete(stream);
      onClose();
    });
    streams.set(stream, { kind, client });
    write(FIRST_BYTES);
    if (this.ending) setImmediate(stream.end);
    return stream;
  }

  /** Streams would keep their requests open forever. One that is opened later ends after it has sent the current state. */
  beforeApplicationShutdown(): void {
    this.ending = true;
    for (const stream of this.streams.keys()) stream.end();
  }

  private refuseTooMany(client: string): void {
    const detail = 'event streams are open here. Close some, or try again shortly.';
    const { STREAMS_PER_CLIENT_MAX: maxPerClient } = this.config;
    if (this.streams.size >= this.maxStreams) {
      throw new ApiProblem('TOO_MANY_STREAMS', `${this.maxStreams} ${detail}`);
    }
    const own = [...this.streams.values()].filter((stream) => stream.client === client).length;
    if (own >= maxPerClient) throw new ApiProblem('TOO_MANY_STREAMS', `${maxPerClient} of your ${detail}`);
  }
}
