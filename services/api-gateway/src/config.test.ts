import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { problemsOf } from '@orderflow/testing/api-gateway/config-problems';
import { startApi } from '@orderflow/testing/api-gateway/start-api';

describe('TRUST_PROXY', () => {
  it.each(['1', '2', '10.0.0.1', '10.0.0.0/8', '10.0.0.0/8, fd00::/8', '::1', 'loopback', 'uniquelocal,192.0.2.7'])(
    'may be %s',
    (value) => {
      expect(problemsOf({ TRUST_PROXY: value })).toEqual([]);
    },
  );

  it.each([
    'true',
    '0',
    '-1',
    '1.5',
    '100',
    '10.0.0.0/33',
    '::/129',
    '10.0.0',
    'proxy',
    '10.0.0.1,',
    '10.0.0.1 10.0.0.2',
  ])('may not be %s', (value) => {
    expect(problemsOf({ TRUST_PROXY: value })).toEqual([expect.stringMatching(/^TRUST_PROXY must be .* such as /)]);
  });

  it.each<[string, string | undefined, boolean]>([
    ['is ignored by default', undefined, false],
    ['is ignored from another address', '192.0.2.1', false],
    ['is trusted from a proxy', '127.0.0.1', true],
    ['is trusted from a proxy in a network', '10.0.0.0/8,127.0.0.0/8', true],
    ['is trusted from a number of proxies', '1', true],
  ])('X-Forwarded-For %s', async (_, TRUST_PROXY, isBelieved) => {
    const { get } = await startApi({ RATE_LIMIT_MAX: '1', TRUST_PROXY });
    const statusOf = async (forwardedFor: string) =>
      (await get('/api/orders', { 'x-forwarded-for': forwardedFor })).status;
    expect(await statusOf('198.51.100.1')).toBe(200);
    expect(await statusOf('198.51.100.2')).toBe(isBelieved ? 200 : 429);
    // Entries before the proxy's own come from the client and must not be trusted.
    expect(await statusOf('198.51.100.9, 198.51.100.1')).toBe(429);
  });
});

describe('KEEP_ALIVE_TIMEOUT_MS', () => {
  it('is longer than that of load balancers, and can be set', async () => {
    for (const [env, expected] of [
      [{}, 72_000],
      [{ KEEP_ALIVE_TIMEOUT_MS: '310000' }, 310_000],
    ] as const) {
      const { app } = await startApi(env);
      await app.listen(0, '127.0.0.1');
      expect(app.getHttpServer()).toMatchObject({ keepAliveTimeout: expected });
      const { port } = app.getHttpServer().address() as AddressInfo;
      const { headers } = await fetch(`http://127.0.0.1:${port}/health/live`);
      expect(headers.get('keep-alive')).toBe(`timeout=${expected / 1_000}`);
    }
  });
});

it('SHUTDOWN_DELAY_MS leaves time to drain', () => {
  expect(problemsOf({ SHUTDOWN_DELAY_MS: '15000' })).toEqual([]);
  expect(problemsOf({ SHUTDOWN_DELAY_MS: '28000' })).toEqual([
    expect.stringContaining('less than SHUTDOWN_TIMEOUT_MS'),
  ]);
});
