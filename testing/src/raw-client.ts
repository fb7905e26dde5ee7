import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type RawClient = {
  socket: Socket;
  /** All received data, as Latin-1. */
  received: () => string;
  /** How the connection ended; false if it was reset. */
  closed: Promise<boolean>;
};

const clients = new Set<Socket>();

/** Connects and sends raw bytes. When the server half-closes, so does the client. */
export async function openRaw(port: number, text = ''): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  clients.add(socket);
  let received = '';
  let wasReset = false;
  socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => (wasReset = true));
  const closed = new Promise<boolean>((resolve) => {
    socket.once('close', () => {
      clients.delete(socket);
      resolve(!wasReset);
    });
  });
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return { socket, received: () => received, closed };
}

/** Closes connections that a test has left open. */
export function leaveRaw(): void {
  for (const socket of clients) socket.destroy();
  clients.clear();
}

/** The statuses of all answers. */
export function statusesOf(received: string): number[] {
  return (received.match(/(?<=HTTP\/1\.1 )\d+/g) ?? []).map(Number);
}

/** The parts of an answer, with lower-case header names. */
export function parseAnswer(text: string): { status: number; headers: Record<string, string>; body: string } {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const [name = '', ...rest] = line.split(':');
    return [name.toLowerCase(), rest.join(':').trim()];
  });
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body,
  };
}

const HEAD = 'Host: localhost\r\n';
const POST = `POST {path} HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\n`;
const GET = `GET {path} HTTP/1.1\r\n${HEAD}\r\n`;

/**
 * Incomplete requests of a client that stops sending, with the final status. `{path}` is the request path. Idle
 * connections do not time out.
 */
export const INCOMPLETE: readonly { what: string; text: string; statuses: number[] | 'idle' }[] = [
  { what: 'nothing', text: '', statuses: [] },
  { what: 'one byte', text: 'G', statuses: [408] },
  { what: 'half a request line', text: 'GET /he', statuses: [408] },
  { what: 'half a head', text: `GET {path} HTTP/1.1\r\n${HEAD}`, statuses: [408] },
  { what: 'a head without its body', text: `${POST}Content-Length: 100\r\n\r\n`, statuses: [408] },
  { what: 'half a body', text: `${POST}Content-Length: 100\r\n\r\n{"a":`, statuses: [408] },
  { what: 'half a chunk', text: `${POST}Transfer-Encoding: chunked\r\n\r\n64\r\n{"a":`, statuses: [408] },
  { what: 'chunks without an end', text: `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`, statuses: [408] },
  { what: 'half a trailer', text: `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-A`, statuses: [408] },
  { what: 'half the head of a second request', text: `${GET}GET {path} HTT`, statuses: [200, 408] },
  {
    what: 'half the body of a second request',
    text: `${GET}${POST}Content-Length: 100\r\n\r\n{"a":`,
    statuses: [200, 408],
  },
  { what: 'a line break after a request', text: `${GET}\r\n`, statuses: 'idle' },
  { what: 'one request', text: GET, statuses: 'idle' },
];

/** Invalid HTTP, with the expected status. */
export const UNSERVABLE: readonly { what: string; text: string; status: number }[] = [
  { what: 'no HTTP', text: 'hello\r\n\r\n', status: 400 },
  { what: 'TLS', text: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400 },
  { what: 'a header without a colon', text: `GET {path} HTTP/1.1\r\n${HEAD}nonsense\r\n\r\n`, status: 400 },
  { what: 'a blank before the colon', text: `GET {path} HTTP/1.1\r\n${HEAD}X-A : b\r\n\r\n`, status: 400 },
  { what: 'another version', text: `GET {path} HTTP/9.9\r\n${HEAD}\r\n`, status: 400 },
  { what: 'a length that is no number', text: `${POST}Content-Length: many\r\n\r\n`, status: 400 },
  { what: 'two lengths', text: `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, status: 400 },
  {
    what: 'a length and chunks',
    text: `${POST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    status: 400,
  },
  { what: 'a chunk without a size', text: `${POST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, status: 400 },
  { what: 'no Host', text: 'GET {path} HTTP/1.1\r\n\r\n', status: 400 },
  { what: 'large headers', text: `GET {path} HTTP/1.1\r\n${HEAD}X-A: ${'a'.repeat(40_000)}\r\n\r\n`, status: 431 },
  { what: 'a large target', text: `GET {path}?${'a'.repeat(40_000)} HTTP/1.1\r\n${HEAD}\r\n`, status: 431 },
  {
    what: 'large chunk extensions',
    text: `${POST}Transfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(40_000)}\r\n{\r\n0\r\n\r\n`,
    status: 413,
  },
];
