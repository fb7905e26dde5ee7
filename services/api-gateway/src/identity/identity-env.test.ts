import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { problemsOf } from '@orderflow/testing/api-gateway/config-problems';
import { JWT_MODE } from '@orderflow/testing/api-gateway/issuer';
import { loadConfig } from '../config.js';
import { addressOf } from '../http/connections/management.js';

describe('AUTH_MODE=off', () => {
  it.each(['127.0.0.1', '127.0.0.2', '127.255.255.254', 'localhost', 'LOCALHOST', 'LocalHost', '::1', undefined, ''])(
    'may listen on %s, which only this machine reaches',
    async (HOST) => {
      expect(problemsOf({ HOST })).toEqual([]);
      const server = createServer().listen(0, addressOf(loadConfig({ HOST }).HOST));
      await once(server, 'listening');
      const { address } = server.address() as AddressInfo;
      server.close();
      expect(address).toMatch(/^(127\.|::1$)/);
    },
  );

  it.each([
    ...['0.0.0.0', '::', '0', '00', '0x0', '0.0', '::0', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0', '::ffff:127.0.0.1'],
    ...['127.1', '0x7f.1', '0177.0.0.1', '2130706433', '127.0.0.01', '10.0.0.7', '192.168.1.4', 'fe80::1', '::2'],
    ...['localhost.', 'my.localhost', 'localhost.example.com', '127.0.0.1.example.com', 'api-gateway', 'host'],
  ])('may not listen on %s', (HOST) => {
    for (const env of [{ HOST }, { HOST, MANAGEMENT_PORT: '9000' }, { HOST, OIDC_ISSUER: JWT_MODE.OIDC_ISSUER }]) {
      expect(problemsOf(env)).toEqual([
        expect.stringMatching(
          /^AUTH_MODE is off.*AUTH_MODE=jwt.*OIDC_ISSUER.*HOST=127\.0\.0\.1.*PUBLISHED_ON_LOOPBACK/,
        ),
      ]);
    }
    expect(problemsOf({ HOST, ...JWT_MODE })).toEqual([]);
  });

  it.each(['[::1]', '127.0.0.1/8', '127.0.0.1 ::', '*', 'http://localhost'])('%s is no HOST at all', (HOST) => {
    expect(problemsOf({ HOST })).toEqual(['HOST must be a host name or an address']);
  });

  it('may listen everywhere in a container that is published on loopback', () => {
    expect(problemsOf({ HOST: '0.0.0.0', PUBLISHED_ON_LOOPBACK: 'true' })).toEqual([]);
    expect(problemsOf({ HOST: '0.0.0.0', PUBLISHED_ON_LOOPBACK: 'false' })).toHaveLength(1);
    expect(problemsOf({ HOST: '0.0.0.0', PUBLISHED_ON_LOOPBACK: 'yes' })).toEqual([
      'PUBLISHED_ON_LOOPBACK must be true or false',
    ]);
  });

  it.each(['on', 'JWT', 'Off', 'none', '1', 'true'])('%s is no mode', (AUTH_MODE) => {
    expect(problemsOf({ AUTH_MODE })).toEqual(['AUTH_MODE must be off or jwt']);
  });
});

describe('AUTH_MODE=jwt', () => {
  it.each([
    ['OIDC_ISSUER', { ...JWT_MODE, OIDC_ISSUER: undefined }],
    ['OIDC_AUDIENCE', { ...JWT_MODE, OIDC_AUDIENCE: ' ' }],
  ])('needs %s', (key, env) => {
    expect(problemsOf(env)).toEqual([`AUTH_MODE=jwt needs ${key}`]);
  });

  it('names everything that is missing at once', () => {
    expect(problemsOf({ AUTH_MODE: 'jwt' })).toHaveLength(2);
  });

  it.each([
    ['http://login.example.com', 1],
    ['http://127.0.0.1.example.com', 1],
    ['http://10.0.0.7:8080', 1],
    ['http://localhost:3040', 0],
    ['http://LOCALHOST:3040', 0],
    ['http://127.0.0.1:3040/realm', 0],
    ['http://[::1]:3040', 0],
    ['https://login.example.com/realms/shop', 0],
    ['https://login.example.com/?realm=shop', 1],
    ['https://login.example.com/#shop', 1],
    ['https://user:secret@login.example.com/', 1],
    ['login.example.com', 1],
    ['ftp://login.example.com', 1],
    ['data:application/json,{}', 1],
    ['file:///etc/passwd', 1],
  ])('the issuer %s has %i problems', (OIDC_ISSUER, count) => {
    const problems = problemsOf({ ...JWT_MODE, OIDC_ISSUER });
    expect(problems).toHaveLength(count);
    for (const problem of problems) expect(problem).toMatch(/^OIDC_ISSUER must/);
  });

  it('reads keys without TLS only for an issuer on this machine, as a container does', () => {
    const OIDC_JWKS_URL = 'http://identity-provider:3040/jwks';
    expect(problemsOf({ ...JWT_MODE, OIDC_ISSUER: 'http://localhost:3040', OIDC_JWKS_URL })).toEqual([]);
    expect(problemsOf({ ...JWT_MODE, OIDC_JWKS_URL })).toEqual([
      'OIDC_JWKS_URL must be an https URL unless OIDC_ISSUER is on this machine',
    ]);
  });

  it.each([
    ['OIDC_AUDIENCE', 'two words'],
    ['OIDC_CUSTOMER_CLAIM', 'customer id'],
    ['OIDC_CUSTOMER_CLAIM', 'x'.repeat(256)],
    ['OIDC_PAGE_CLIENT_ID', 'pagé'],
    ['OIDC_REQUIRE_AT_JWT', 'no'],
    ['MANAGEMENT_PORT', '65536'],
    ['MANAGEMENT_PORT', '3000'],
  ])('%s may not be %s', (key, value) => {
    expect(problemsOf({ ...JWT_MODE, [key]: value })).toEqual([expect.stringContaining(key)]);
  });
});
