import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { request } from '../../tools/local/ask.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { startRelay } from '../../tools/rehearsal/relay.mjs';
import { forEmulator } from '../../tools/rehearsal/template.mjs';
import { readProjectFile } from './services-stack.js';

const credentials = { accessKeyId: 'LOCAL0', secretAccessKey: 'secret' };
const services = readProjectFile('infrastructure/services.yaml');

it('the rehearsal deploys services.yaml with these changes only', () => {
  const before = services.split('\n');
  const after = forEmulator(services, credentials).split('\n');
  const added = after.filter((line) => !before.includes(line)).map((line) => line.trim());
  expect(new Set(added)).toEqual(
    new Set([
      "- { Name: AWS_ACCESS_KEY_ID, Value: 'LOCAL0' }",
      "- { Name: AWS_SECRET_ACCESS_KEY, Value: 'secret' }",
      String.raw`AllowedPattern: 'https?://\S+'`,
      String.raw`AllowedPattern: '(https?://\S+)?'`,
    ]),
  );
  expect(before.filter((line) => !after.includes(line))).toHaveLength(2);
  expect(after).toHaveLength(before.length + 6);
  // A changed template is noticed.
  expect(() => forEmulator(services.replace('LOG_FORMAT', 'FORMAT'), credentials)).toThrow('2 services');
});

it('a relay forwards what its route names, under that name, and nothing else', async () => {
  const target = createServer((asked, answer) => {
    answer.writeHead(201).end(`${asked.method} ${asked.url} ${asked.headers.host}`);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const { port: targetPort } = target.address() as AddressInfo;
  const port = await freePort();
  const relay = await startRelay({ host: '127.0.0.1', port }, ({ url }) =>
    url === '/a' ? { url: `http://127.0.0.1:${targetPort}/b`, host: 'orders.test:443' } : undefined,
  );
  const answers = await Promise.all(
    ['/a', '/other'].map((path) => request(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: 'x' })),
  );
  target.close();
  const gone = await request(`http://127.0.0.1:${port}/a`);
  relay.close();
  expect(answers.map((answer) => [answer?.status, answer?.body])).toEqual([
    [201, 'POST /b orders.test:443'],
    [404, ''],
  ]);
  expect(gone?.status).toBe(502);
});

it.each([
  ['/_alb/lb/api/orders', { host: 'orders.rehearsal.test:443' }, true],
  ['/_alb/lb/api/orders', { host: 'orders.rehearsal.test' }, true],
  ['/api/orders', { host: 'orders.rehearsal.test:443' }, false],
  ['/_alb/lb/api/orders', { host: '172.17.0.1:4566' }, false],
  ['/_alb/lb/api/orders', { host: 'orders.rehearsal.test.example.com' }, false],
  ['/_alb/lb/api/orders', { host: 'orders.rehearsal.test', origin: 'http://example.com' }, false],
  ['/_alb/lb/api/orders', { host: 'orders.rehearsal.test', 'sec-fetch-site': 'none' }, false],
])('the guard of the rehearsal passes %s with %j to the load balancer: %j', (path, headers, isPassed) => {
  const folder = fileURLToPath(new URL('../../tools/rehearsal', import.meta.url));
  const program = [
    ...[
      'import json, sys',
      'sys.path.insert(0, sys.argv[1])',
      'import emulator',
      'path, headers = json.loads(sys.argv[2])',
    ],
    'pairs = [(name.encode(), value.encode()) for name, value in headers.items()]',
    'print(json.dumps(emulator.is_for_load_balancer({"type": "http", "path": path, "headers": pairs})))',
  ].join('\n');
  const { stdout, stderr } = spawnSync(
    'python3',
    ['-I', '-B', '-c', program, folder, JSON.stringify([path, headers])],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        BRIDGE_ADDRESS: '172.17.0.1',
        LOAD_BALANCER_HOST: 'orders.rehearsal.test',
        STOP_SECONDS: '30',
      },
    },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toBe(isPassed);
});
