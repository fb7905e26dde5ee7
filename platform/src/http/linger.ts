import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { REQUEST_TIMEOUT_MS } from './server-options.js';

/** What a client that does not stop sending may send after its answer. */
const MOST_BYTES = 67_108_864;

const lingering = new WeakSet<Socket>();

/** Whether a body was announced that has not arrived as a whole. What a test injects has no connection to arrive by. */
export function isArriving({ complete, headers, socket }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return hasBody && !complete && socket instanceof Socket;
}

/** Whether the last answer of this connection has been given: what still comes in is thrown away. */
export function isLingering(socket: Socket): boolean {
  return lingering.has(socket);
}

/**
 * Keeps an answer from being lost that is sent before the request's body has arrived, with `Connection: close`: a kernel
 * resets a connection that is closed with unread data, and the reset overtakes the answer. So the connection is closed in
 * one direction, and what the client still sends is read and thrown away, for a bounded time and number of bytes:
 * https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function lingerAfter(message: IncomingMessage, forMs = REQUEST_TIMEOUT_MS): void {
  const { socket } = message;
  let left = MOST_BYTES;
  // Now rather than after the answer: Node would throw the rest away itself then, without an end.
  message.unpipe();
  message.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  message.resume();

  const destroySoon = socket.destroySoon.bind(socket);
  // Node calls it when an answer with `Connection: close` has been written.
  socket.destroySoon = () => {
    if (message.complete || socket.destroyed || forMs <= 0) {
      destroySoon();
      return;
    }
    lingering.add(socket);
    socket.end();
    const deadline = setTimeout(() => socket.destroy(), forMs);
    socket.once('close', () => {
      clearTimeout(deadline);
    });
    message.once('end', destroySoon);
  };
}
