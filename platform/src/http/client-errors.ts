import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { destroyAfter } from './linger.js';

/** Why Node's HTTP parser refuses what a client sends, before there is a request. */
export type ClientError = {
  status: 400 | 408 | 413 | 431;
  code: 'MALFORMED_REQUEST' | 'REQUEST_TIMEOUT' | 'PAYLOAD_TOO_LARGE' | 'HEADERS_TOO_LARGE';
  detail: string;
};

const CLIENT_ERRORS: Record<string, ClientError> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'REQUEST_TIMEOUT',
    detail: 'The request did not arrive in time. Send the whole request again within 10 s.',
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'HEADERS_TOO_LARGE',
    detail: 'The request line and the headers are larger than 16 KB.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    detail: 'The chunk extensions of the body are too large.',
  },
};

/** The answer to the server event `clientError`; undefined when no client waits for one. */
export function clientErrorOf(error: NodeJS.ErrnoException, socket: Socket): ClientError | undefined {
  // Browsers open connections in advance. They would take this answer for that of their first request.
  if (!socket.writable || socket.bytesRead === 0 || error.code === 'ECONNRESET') return undefined;
  const known = CLIENT_ERRORS[error.code ?? ''];
  if (known) return known;
  const { reason = error.message } = error as { reason?: string };
  return { status: 400, code: 'MALFORMED_REQUEST', detail: `The request is not HTTP/1.1: ${reason}.` };
}

/** How long a client that is still sending its request may take to read the answer. */
const LINGER_MS = 2_000;

/** Writes an answer to a socket that has no response object, and closes the connection. */
export function writeAnswer(
  socket: Socket,
  { status, headers, body }: { status: number; headers: Record<string, string | number>; body: string },
): void {
  const all = { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
  // Not at once: the kernel resets a connection that is closed with unread data, and the reset overtakes the answer.
  destroyAfter(socket, LINGER_MS);
}
