import { LIST_TABLES, signedBy, type Attempt } from './raw-request.js';

/** What a client of the emulator needs: its host and the access key. */
type Own = { host: string; key: string };

/** Each attempt would succeed without the one problem in its name. */
export const REFUSED: [string, (own: Own) => Attempt][] = [
  // Headers of a browser.
  ...['Origin: http://evil.example', 'ORIGIN: null', 'origin:', 'Origin: http://127.0.0.1:3000'].map(
    (header): [string, (own: Own) => Attempt] => [
      header,
      ({ host, key }) => ({ headers: [host, signedBy(key), LIST_TABLES, header] }),
    ],
  ),
  ...['Sec-Fetch-Site: cross-site', 'sec-fetch-site: none', 'SEC-FETCH-MODE: no-cors', 'Sec-Fetch-Dest: image'].map(
    (header): [string, (own: Own) => Attempt] => [
      header,
      ({ host, key }) => ({ headers: [host, signedBy(key), LIST_TABLES, header] }),
    ],
  ),
  [
    'a page that asks for health',
    ({ host }) => ({ line: 'GET /_ministack/health HTTP/1.1', headers: [host, 'Origin: null'] }),
  ],
  [
    'a preflight',
    ({ host, key }) => ({
      line: 'OPTIONS / HTTP/1.1',
      headers: [host, signedBy(key), 'Access-Control-Request-Method: POST'],
    }),
  ],
  // Names of other machines. DNS rebinding uses them.
  ...[
    ...[
      'evil.example',
      `evil.example:4566`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'evil.example@127.0.0.1',
    ],
    ...[
      '0.0.0.0',
      '127.1',
      '127.0.0.2',
      '2130706433',
      '0x7f.0.0.1',
      'localhost.',
      'a.localhost',
      '[::]',
      '[::ffff:127.0.0.1]',
    ],
    ...[
      '',
      'localhost:',
      'localhost:4566:1',
      'localhost:port',
      'localhost, evil.example',
      's3.localhost:4566',
      '127.0.0.1:4566/x',
    ],
  ].map((name): [string, (own: Own) => Attempt] => [
    `Host: ${name}`,
    ({ key }) => ({ headers: [`Host: ${name}`, signedBy(key), LIST_TABLES] }),
  ]),
  ['health by another name', () => ({ line: 'GET /_ministack/health HTTP/1.1', headers: ['Host: evil.example'] })],
  ['HTTP/1.0 without a host', ({ key }) => ({ line: 'POST / HTTP/1.0', headers: [signedBy(key), LIST_TABLES] })],
  // Without the key, or with a wrong one.
  ['no signature', ({ host }) => ({ headers: [host, LIST_TABLES] })],
  ...['test', '000000000000', 'AKIAIOSFODNN7EXAMPLE', '', '*'].map((other): [string, (own: Own) => Attempt] => [
    `the key "${other}"`,
    ({ host }) => ({ headers: [host, signedBy(other), LIST_TABLES] }),
  ]),
  ['the key in lower case', ({ host, key }) => ({ headers: [host, signedBy(key).toLowerCase(), LIST_TABLES] })],
  ['the key and more', ({ host, key }) => ({ headers: [host, signedBy(`${key}A`), LIST_TABLES] })],
  ['half of the key', ({ host, key }) => ({ headers: [host, signedBy(key.slice(0, 20)), LIST_TABLES] })],
  [
    'two signatures, the first with the key',
    ({ host, key }) => ({ headers: [host, signedBy(key), signedBy('test'), LIST_TABLES] }),
  ],
  [
    'two signatures, the last with the key',
    ({ host, key }) => ({ headers: [host, signedBy('test'), signedBy(key), LIST_TABLES] }),
  ],
  [
    'the key as basic authentication',
    ({ host, key }) => ({ headers: [host, signedBy(key).replace('AWS4-HMAC-SHA256', 'Basic'), LIST_TABLES] }),
  ],
  [
    'the key in a query',
    ({ host, key }) => ({
      line: `POST /?X-Amz-Credential=${key}%2F20260101%2Fus-east-1%2Fdynamodb%2Faws4_request HTTP/1.1`,
      headers: [host, LIST_TABLES],
    }),
  ],
  [
    'the key, for a service that runs code',
    ({ host, key }) => ({ headers: [host, signedBy(key, 'lambda'), LIST_TABLES] }),
  ],
  // Paths outside the four services, with a valid key.
  ...[
    ...[
      'POST /2015-03-31/functions',
      'POST /2015-03-31/functions/x/invocations',
      'POST /_ministack/reset',
      'GET /_ministack/health?x',
    ],
    ...[
      'POST /_ministack/config',
      'POST /_ministack/health',
      'GET /_ministack/ready',
      'GET /_localstack/health',
      'GET /health',
      'GET /',
    ],
    ...[
      'GET /?Action=ListStacks',
      'POST /?Action=ListStacks',
      'PUT /bucket',
      'POST //',
      'POST /.',
      'POST /%2F',
      'POST /x',
      'DELETE /',
    ],
    ...[
      'POST /%5Fministack/reset',
      'POST /_ministack%2Freset',
      'POST //_ministack/reset',
      'POST /x/../_ministack/reset',
    ],
    ...['POST http://evil.example/', 'POST http://127.0.0.1/_ministack/reset', 'POST /_aws/execute-api/a/b', 'POST *'],
  ].map((target): [string, (own: Own) => Attempt] => [
    `${target} with the key`,
    ({ host, key }) => ({ line: `${target} HTTP/1.1`, headers: [host, signedBy(key), LIST_TABLES] }),
  ]),
];
