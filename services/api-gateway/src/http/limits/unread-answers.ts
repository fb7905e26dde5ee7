import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Metrics } from '@orderflow/platform/telemetry/metrics';

/** A connection, and the bytes for its client that are still in this process. */
type Connection = {
  socket: Socket;
  /** Bytes of answers that have not been sent completely. */
  answers: number;
  /** Answers without a length, such as event streams and files. */
  streams: Set<Readable>;
  /** Bytes that the kernel had taken at the last measurement, and when that number last rose. */
  flushed: number;
  progressAt: number;
};

const DISCONNECT_REASONS = ['stalled', 'memory'] as const;
/** Why a client was disconnected: it read nothing for too long, or other clients needed the memory. */
export type DisconnectReason = (typeof DISCONNECT_REASONS)[number];

type Options = {
  /** For all clients together. */
  maxBytes: number;
  stalledAfterMs: number;
  onDisconnect: (reason: DisconnectReason) => void;
  /** Monotonic ms. */
  now?: () => number;
};

function unreadOf({ socket, answers, streams }: Connection): number {
  let unread = Math.max(answers, socket.writableLength);
  for (const stream of streams) unread += stream.readableLength;
  return unread;
}

/**
 * Bounds unread answers: by time for each client, by bytes for all together. Progress means that the kernel has taken a
 * whole piece. An answer with a length is one piece of at most 1 MiB; a stream sends many.
 */
export function createUnreadAnswers(options: Options) {
  const { maxBytes, stalledAfterMs, onDisconnect, now = () => performance.now() } = options;
  const connections = new Map<Socket, Connection>();
  /** The last measurement plus everything added since: an upper bound. */
  let total = 0;

  function end(connection: Connection, reason: DisconnectReason): void {
    connections.delete(connection.socket);
    connection.socket.destroy();
    onDisconnect(reason);
  }

  function measure(connection: Connection): number {
    const { socket, flushed } = connection;
    const unread = unreadOf(connection);
    connection.flushed = socket.bytesWritten - socket.writableLength;
    if (unread === 0 || connection.flushed > flushed) connection.progressAt = now();
    return unread;
  }

  function measureAll(): { connection: Connection; unread: number }[] {
    const measured = [...connections.values()].map((connection) => ({ connection, unread: measure(connection) }));
    total = measured.reduce((sum, { unread }) => sum + unread, 0);
    return measured.filter(({ unread }) => unread > 0);
  }

  return {
    /** Watches a connection until it closes. */
    follow: (socket: Socket): void => {
      const streams = new Set<Readable>();
      connections.set(socket, { socket, answers: 0, streams, flushed: 0, progressAt: now() });
      socket.once('close', () => connections.delete(socket));
    },

    /** Registers an answer: its size, or the stream of its bytes. @returns a function to call when it ends */
    sending: (socket: Socket, answer: number | Readable): (() => void) => {
      const connection = connections.get(socket);
      if (!connection) return () => undefined;
      if (typeof answer !== 'number') {
        connection.streams.add(answer);
        return () => connection.streams.delete(answer);
      }
      connection.answers += answer;
      return () => {
        connection.answers -= answer;
      };
    },

    /** Makes room for more bytes: disconnects the clients that have read nothing for longest. */
    makeRoom: (bytes: number): void => {
      total += bytes;
      if (total <= maxBytes) return;
      const measured = measureAll();
      total += bytes;
      measured.sort((a, b) => a.connection.progressAt - b.connection.progressAt || b.unread - a.unread);
      for (const { connection, unread } of measured) {
        if (total <= maxBytes) return;
        end(connection, 'memory');
        total -= unread;
      }
    },

    /** Disconnects clients that read nothing. Called about once a second. */
    look: (): void => {
      for (const { connection } of measureAll()) {
        if (now() - connection.progressAt >= stalledAfterMs) end(connection, 'stalled');
      }
    },
  };
}

export type UnreadAnswers = ReturnType<typeof createUnreadAnswers>;

export function countDisconnects(metrics: Metrics): (reason: DisconnectReason) => void {
  const disconnected = metrics.counter({
    name: 'http_slow_clients_disconnected_total',
    help: 'Clients that were disconnected for not reading: for too long (stalled), or to make room (memory).',
    labelNames: ['reason'],
  });
  // Create both series at once, so that a rate sees the first disconnect.
  for (const reason of DISCONNECT_REASONS) disconnected.inc({ reason }, 0);
  return (reason) => {
    disconnected.inc({ reason });
  };
}
