import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { REQUEST_TIMEOUT_MS } from './server-options.js';

/** How much a client may still send after its answer. */
const MAX_BYTES = 67_108_864;

const lingering = new WeakSet<Socket>();

/** Whether part of the announced body is still missing. A request that a test injects has no socket. */
export function isArriving({ complete, headers, socket }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return hasBody && !complete && socket instanceof Socket;
}

/** Whether this connection has given its last answer and discards what still arrives. */
export function isLingering(socket: Socket): boolean {
  return lingering.has(socket);
}

/** Destroys a socket that has not closed by itself after `ms`. */
export function destroyAfter(socket: Socket, ms: number): void {
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => {
    clearTimeout(timer);
  });
}

/**
 * For an answer with `Connection: close` that is sent before the whole body has arrived. The kernel resets a connection
 * that is closed with unread data, and the reset overtakes the answer. So only our direction is closed, and the rest of
 * the body is read and discarded, up to a time and a number of bytes: https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function lingerAfter(message: IncomingMessage, forMs = REQUEST_TIMEOUT_MS): void {
  const { socket } = message;
  let left = MAX_BYTES;
  // Before the answer: after it, Node would discard the rest itself, without a limit.
  message.unpipe();
  message.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  message.resume();

  const destroySoon = socket.destroySoon.bind(socket);
  // Node calls this once it has written an answer with `Connection: close`.
  socket.destroySoon = () => {
    if (message.complete || socket.destroyed || forMs <= 0) {
      destroySoon();
      return;
    }
    lingering.add(socket);
    socket.end();
    destroyAfter(socket, forMs);
    message.once('end', destroySoon);
  };
}
