import { connect } from 'node:net';

/** A listener: its address, service name, and a path that answers GET. */
export type Listener = { port: number; service: string; path: string };

export type Head = {
  what: string;
  /** Request line and headers, with `{path}`, `{port}` and `{service}`. */
  lines: string[];
  status: number | 'served';
};

const host = (status: Head['status'], what: string, value: string): Head => ({
  what,
  lines: ['GET {path} HTTP/1.1', `Host: ${value}`],
  status,
});

const FOREIGN_HOSTS: Head[] = [
  host(421, 'a foreign name', 'evil.example'),
  host(421, 'a foreign name with the right port', 'evil.example:{port}'),
  host(421, 'a foreign name that begins as an allowed one', 'localhost.evil.example:{port}'),
  host(421, 'a foreign name that ends as an allowed one', 'evil-localhost'),
  host(421, 'a foreign name that begins as an address', '127.0.0.1.evil.example'),
  host(421, 'a name under localhost', 'orders.localhost'),
  host(421, 'an address that is not written out', '127.1'),
  host(421, 'an address as one number', '2130706433'),
  host(421, 'an address with a leading zero', '0177.0.0.1'),
  host(421, 'an address with a zone', '[fe80::1%25lo]:{port}'),
  host(421, 'an IPv6 address without brackets', '::1'),
  host(421, 'a name in brackets', '[localhost]'),
  host(421, 'an IPv4 address in brackets', '[127.0.0.1]'),
  host(421, 'user information before an allowed name', 'evil@localhost:{port}'),
  host(421, 'an allowed name as user information', 'localhost@evil.example'),
  host(421, 'a path behind an allowed name', 'localhost/evil'),
  host(421, 'a port that is no number', 'localhost:evil'),
  host(421, 'two ports', 'localhost:80:{port}'),
  host(421, 'two names in one line', 'localhost, evil.example'),
  host(421, 'two dots at the end', 'localhost..'),
  host(421, 'a percent sign', 'local%68ost'),
  host(421, 'letters outside ASCII', 'löcalhost'),
  host(421, 'the name of nothing', ''),
  { what: 'no Host', lines: ['GET {path} HTTP/1.1'], status: 400 },
  { what: 'no Host, as HTTP/1.0 allows', lines: ['GET {path} HTTP/1.0'], status: 400 },
  {
    what: 'a foreign Host after the own one',
    lines: ['GET {path} HTTP/1.1', 'Host: localhost', 'Host: evil.example'],
    status: 400,
  },
  {
    what: 'a foreign Host before the own one',
    lines: ['GET {path} HTTP/1.1', 'Host: evil.example', 'hOST: localhost'],
    status: 400,
  },
  {
    what: 'a foreign host in the target',
    lines: ['GET http://evil.example{path} HTTP/1.1', 'Host: localhost'],
    status: 421,
  },
  {
    what: 'a foreign Host besides the target',
    lines: ['GET http://localhost{path} HTTP/1.1', 'Host: evil.example'],
    status: 421,
  },
  {
    what: 'user information in the target',
    lines: ['GET http://localhost@evil.example{path} HTTP/1.1', 'Host: localhost'],
    status: 421,
  },
  { what: 'a foreign Host of OPTIONS *', lines: ['OPTIONS * HTTP/1.1', 'Host: evil.example'], status: 421 },
  {
    what: 'a foreign Host in X-Forwarded-Host as well',
    lines: ['GET {path} HTTP/1.1', 'Host: evil.example', 'X-Forwarded-Host: localhost', 'Forwarded: host=localhost'],
    status: 421,
  },
];

const OWN_HOSTS: Head[] = [
  host('served', 'a loopback name', 'localhost:{port}'),
  host('served', 'a loopback name in capitals, with the dot of the root', 'LOCALHOST.:{port}'),
  host('served', 'another port, for example a published one', 'localhost:1'),
  host('served', 'an empty port', 'localhost:'),
  host('served', 'a loopback address', '127.0.0.1:{port}'),
  host('served', 'an IPv6 address', '[::1]:{port}'),
  host('served', 'the address of a container, by which probes and the API ask', '172.18.0.7:3000'),
  host('served', 'the name of the service', '{service}:3000'),
  {
    what: 'the own host in the target',
    lines: ['GET http://LocalHost:{port}{path} HTTP/1.1', 'Host: localhost:{port}'],
    status: 'served',
  },
];

const from = (status: Head['status'], what: string, ...headers: string[]): Head => ({
  what,
  lines: ['POST {path} HTTP/1.1', 'Host: localhost:{port}', 'Content-Type: text/plain', ...headers],
  status,
});

const ORIGINS: Head[] = [
  from(403, 'another origin', 'Origin: http://evil.example'),
  from(403, 'another origin with the same port', 'Origin: http://evil.example:{port}'),
  from(403, 'a sandboxed frame or a file', 'Origin: null'),
  from(403, 'an origin without text', 'Origin: '),
  from(403, 'another port of the same host', 'Origin: http://localhost:1'),
  from(403, 'the same host without its port', 'Origin: http://localhost'),
  from(403, 'another name of the same machine', 'Origin: http://127.0.0.1:{port}'),
  from(403, 'a name that begins as the own', 'Origin: http://localhost:{port}.evil.example'),
  from(403, 'the own as user information', 'Origin: http://localhost:{port}@evil.example'),
  from(403, 'a browser extension', 'Origin: chrome-extension://localhost:{port}'),
  from(403, 'an origin without a scheme', 'Origin: localhost:{port}'),
  from(403, 'two origins', 'Origin: http://localhost:{port}', 'Origin: http://evil.example'),
  from(403, 'another site', 'Sec-Fetch-Site: cross-site'),
  from(403, 'another origin of the same site', 'Sec-Fetch-Site: same-site'),
  from(403, 'a relation that is not known', 'Sec-Fetch-Site: elsewhere'),
  from(403, 'another site, whatever the origin', 'Origin: http://localhost:{port}', 'Sec-Fetch-Site: cross-site'),
  from(403, 'another origin, whatever the site', 'Origin: http://evil.example', 'Sec-Fetch-Site: same-origin'),
  from('served', 'the own origin', 'Origin: http://localhost:{port}', 'Sec-Fetch-Site: same-origin'),
  from('served', 'the own origin behind TLS', 'Origin: https://localhost:{port}'),
  from('served', 'no page', 'Sec-Fetch-Site: none'),
  from('served', 'no browser'),
];

const METHODS: Head[] = ['PUT', 'PATCH', 'DELETE', 'PROPFIND'].map((method) => ({
  what: `another origin, with ${method}`,
  lines: [`${method} {path} HTTP/1.1`, 'Host: localhost', 'Origin: http://evil.example'],
  status: 403,
}));

const UPGRADE = ['Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const WEBSOCKETS: Head[] = [
  {
    what: 'a WebSocket',
    lines: ['GET {path} HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', ...UPGRADE],
    status: 400,
  },
  {
    what: 'a WebSocket among other protocols',
    lines: ['GET {path} HTTP/1.1', 'Host: localhost', 'Upgrade: h2c, WebSocket', ...UPGRADE],
    status: 400,
  },
  {
    what: 'a WebSocket of a foreign Host',
    lines: ['GET {path} HTTP/1.1', 'Host: evil.example', 'Upgrade: websocket', ...UPGRADE],
    status: 421,
  },
  {
    what: 'HTTP/2, if it is there',
    lines: ['GET {path} HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: h2c'],
    status: 'served',
  },
];

/** Request heads, and the status that every listener must answer with. */
export const HEADS: readonly Head[] = [...FOREIGN_HOSTS, ...OWN_HOSTS, ...ORIGINS, ...METHODS, ...WEBSOCKETS];

/** Statuses for requests that a listener does not serve. */
const REFUSALS = [400, 403, 421];

/** Sends a raw head, and reads the whole answer. */
export async function sendHead({ lines }: Pick<Head, 'lines'>, { port, service, path }: Listener) {
  const values: Record<string, string> = { port: String(port), service, path };
  const isUpgrade = lines.some((line) => line.startsWith('Upgrade:'));
  const request = [...lines, 'Content-Length: 0', ...(isUpgrade ? [] : ['Connection: close'])]
    .join('\r\n')
    .replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const socket = connect(port, '127.0.0.1');
  socket.write(`${request}\r\n\r\n`);
  let answer = '';
  for await (const chunk of socket.setEncoding('utf8')) {
    answer += String(chunk);
    // A served request may keep the connection open.
    if (isUpgrade && answer.includes('\r\n\r\n')) break;
  }
  const [, status = '0'] = /^HTTP\/1\.\d (\d{3})/.exec(answer) ?? [];
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
  return {
    outcome: REFUSALS.includes(Number(status)) ? Number(status) : ('served' as const),
    head: head.toLowerCase(),
    body,
  };
}
