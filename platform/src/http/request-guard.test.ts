import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { propertySeed } from '@orderflow/testing/hostile-bodies';
import { createRequestGuard } from './request-guard.js';

const options = { numRuns: 2_000, ...propertySeed(process.env) };
const HOSTS = { HOST: 'shop.internal', ALLOWED_HOSTS: 'Shop.Example. , api' };
const guard = createRequestGuard('a-service', HOSTS);

type Headers = Record<string, string>;

function codeOf(headers: Headers, { method = 'GET', url = '/', ownOriginOnly = false } = {}): string | undefined {
  const rawHeaders = Object.entries(headers).flat();
  return guard({ method, url, headers, rawHeaders }, { ownOriginOnly })?.code;
}

describe('the Host of a request', () => {
  it.each([
    'localhost',
    'a-service:3000',
    'shop.internal',
    'shop.example:443',
    'SHOP.example.',
    'api',
    '10.0.0.1',
    '[2001:db8::1]:80',
  ])('may be %s', (host) => {
    expect(codeOf({ host })).toBeUndefined();
  });

  it('may not be a name that is not allowed', () => {
    const allowed = ['localhost', 'a-service', 'shop.internal', 'shop.example', 'api'];
    const label = fc.oneof(
      fc.constantFrom(...allowed, '127.0.0.1', '[::1]', 'evil', ':80', '@', '/', '#', ' '),
      fc.string(),
    );
    const host = fc
      .oneof(
        fc.domain(),
        fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
        fc.string(),
      )
      .filter((text) => {
        const [name = ''] = /^[^:]*(?=:\d{0,5}$)|^[^:]*$/.exec(text.toLowerCase()) ?? [];
        return (
          !allowed.includes(name.replace(/\.$/, '')) && !/^(\d+\.){3}\d+$/.test(name) && !/^\[[\da-f:.]+\]/.test(text)
        );
      });
    fc.assert(
      fc.property(host, (text) => {
        expect(codeOf({ host: text })).toBe('HOST_NOT_ALLOWED');
      }),
      options,
    );
  });
});

describe('the origin of a request', () => {
  const origins = fc.oneof(
    fc.webAuthority(),
    fc.string(),
    fc.constantFrom('localhost:3001', 'localhost', '127.0.0.1:3000'),
  );
  const schemes = fc.constantFrom('http://', 'https://', 'file://', 'chrome-extension://', '');

  it('must match the Host of a write', () => {
    const foreign = fc
      .tuple(schemes, origins)
      .map((parts) => parts.join(''))
      .filter((origin) => !/^https?:\/\/localhost:3000\/?$/i.test(origin));
    fc.assert(
      fc.property(foreign, (origin) => {
        expect(codeOf({ host: 'localhost:3000', origin }, { method: 'POST' })).toBe('ORIGIN_NOT_ALLOWED');
        expect(codeOf({ host: 'localhost:3000', origin }, { ownOriginOnly: true })).toBe('ORIGIN_NOT_ALLOWED');
      }),
      options,
    );
  });

  it.each([
    ['http://localhost', 'localhost:80'],
    ['https://shop.example', 'shop.example'],
    ['https://shop.example', 'shop.example:443'],
    ['http://[::1]:3000', '[0:0::1]:3000'],
    ['http://localhost:8080', 'LOCALHOST:8080'],
  ])('%s matches a page at %s', (origin, host) => {
    expect(codeOf({ origin, host }, { method: 'POST' })).toBeUndefined();
  });

  it('does not matter for a read, unless the route restricts it', () => {
    const headers = { host: 'localhost', 'sec-fetch-site': 'cross-site' };
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(codeOf(headers, { method })).toBeUndefined();
    expect(codeOf(headers, { ownOriginOnly: true })).toBe('ORIGIN_NOT_ALLOWED');
  });
});
