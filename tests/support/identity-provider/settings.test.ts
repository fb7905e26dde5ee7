import { describe, expect, it } from '@jest/globals';
import { readSettings } from '../../../tools/identity-provider/settings.mjs';

describe('the provider of a laptop', () => {
  it('listens on loopback', () => {
    expect(readSettings({})).toMatchObject({ host: '127.0.0.1', port: 3040, issuer: 'http://localhost:3040' });
  });

  it.each(['0.0.0.0', '::', '192.168.1.2', 'example.org'])('refuses to listen at %s', (HOST) => {
    expect(() => readSettings({ HOST })).toThrow('no passwords, so HOST must be 127.0.0.1');
    expect(() => readSettings({ HOST, PUBLISHED_ON_LOOPBACK: 'yes' })).toThrow('PUBLISHED_ON_LOOPBACK=true');
    expect(readSettings({ HOST, PUBLISHED_ON_LOOPBACK: 'true' }).host).toBe(HOST);
  });

  it.each([
    'https://login.example.org',
    'https://localhost:3040',
    'http://192.168.1.2:3040',
    'http://localhost:3040/',
    'localhost:3040',
    'x',
  ])('refuses to be called %s', (OIDC_ISSUER) => {
    expect(() => readSettings({ OIDC_ISSUER })).toThrow('OIDC_ISSUER must be an address of this machine');
  });

  it('refuses to run beside an API that asks for no tokens', () => {
    expect(() => readSettings({ AUTH_MODE: 'off' })).toThrow('Set AUTH_MODE=jwt');
  });

  it('refuses a port that nobody knows', () => {
    expect(() => readSettings({ OIDC_ISSUER: 'http://localhost:0' })).toThrow('IDENTITY_PORT must not be 0');
  });

  it('names every problem', () => {
    expect(() => readSettings({ PORT: '0', ACCESS_TOKEN_TTL_SECONDS: '1e9' })).toThrow(/^PORT .*\nACCESS_TOKEN_TTL_/);
  });
});
