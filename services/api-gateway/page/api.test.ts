import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Session } from './session.js';

type Api = {
  ask: (path: string, init?: RequestInit) => Promise<unknown>;
  whenSessionEnds: (listener: (sentence: string) => void) => void;
};

/** Not for tsc: the types of a browser are not those of these tests. */
const API = './api.js';

const ISSUER = 'https://login.test';
const METADATA = { issuer: ISSUER, token_endpoint: `${ISSUER}/token` };
const RESOURCE = { resource: 'urn:api', authorization_servers: [ISSUER], page_client_id: 'page' };
const SESSION_KEY = 'orderflow.session';

/** An API that accepts one token, and a provider that renews it. */
function createServers() {
  const state = { valid: 'new', issued: 'new', renews: true, isProviderAway: false };
  const sent: { path: string; token: string | null }[] = [];
  const refreshed: string[] = [];

  function renewed(init: RequestInit): Response {
    refreshed.push((init.body as URLSearchParams).toString());
    if (!state.renews) return Response.json({ error: 'invalid_grant' }, { status: 400 });
    const tokens = { access_token: state.issued, token_type: 'Bearer', refresh_token: 'r2', expires_in: 900 };
    return Response.json(tokens);
  }

  async function fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = String(input);
    if (url === '.well-known/oauth-protected-resource') return Response.json(RESOURCE);
    if (url.startsWith(ISSUER)) {
      if (state.isProviderAway) throw new TypeError('fetch failed');
      return url === METADATA.token_endpoint ? renewed(init) : Response.json(METADATA);
    }
    const token = new Headers(init.headers).get('authorization');
    sent.push({ path: url, token });
    return token === `Bearer ${state.valid}`
      ? Response.json({ ok: true })
      : Response.json({ detail: 'It has no audience.' }, { status: 401 });
  }
  return { state, sent, refreshed, fetch };
}

const { fetch: fetchBefore } = globalThis;

describe('a request of the page', () => {
  let servers: ReturnType<typeof createServers>;
  let api: Api;
  let kept: Map<string, string>;
  let ends: string[];

  beforeEach(async () => {
    servers = createServers();
    kept = new Map();
    ends = [];
    const sessionStorage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    Object.assign(globalThis, {
      fetch: servers.fetch,
      sessionStorage,
      document: { cookie: '' },
      location: { pathname: '/' },
    });
    jest.resetModules();
    api = (await import(API)) as Api;
    api.whenSessionEnds((sentence) => ends.push(sentence));
  });
  afterEach(() => {
    Object.assign(globalThis, {
      fetch: fetchBefore,
      sessionStorage: undefined,
      document: undefined,
      location: undefined,
    });
  });

  const signIn = (session: Session) => kept.set(SESSION_KEY, JSON.stringify(session));
  const session = () => JSON.parse(kept.get(SESSION_KEY) ?? 'null') as Session | null;
  const expired = { renewAt: 1, expiresAt: 1 };

  it('carries the token of the session', async () => {
    signIn({ id: 's1', accessToken: 'new' });
    expect(await api.ask('api/orders')).toEqual({ ok: true });
  });

  it('carries no token without a session', async () => {
    await expect(api.ask('api/orders')).rejects.toMatchObject({ status: 401, isFinal: true });
    expect(servers.sent).toEqual([{ path: 'api/orders', token: null }]);
    expect(ends).toEqual([]);
  });

  it('waits for one renewal together with all others', async () => {
    signIn({ id: 's1', accessToken: 'old', refreshToken: 'r1', ...expired });
    await Promise.all(['api/a', 'api/b', 'api/c'].map((path) => api.ask(path)));
    expect(servers.refreshed).toHaveLength(1);
    expect(new URLSearchParams(servers.refreshed[0]).get('refresh_token')).toBe('r1');
    expect(new URLSearchParams(servers.refreshed[0]).get('resource')).toBe('urn:api');
    expect(servers.sent.map(({ token }) => token)).toEqual(['Bearer new', 'Bearer new', 'Bearer new']);
    expect(session()).toMatchObject({ accessToken: 'new', refreshToken: 'r2' });
  });

  it('is sent again with a new token if the API refuses the old one', async () => {
    signIn({ id: 's1', accessToken: 'old', refreshToken: 'r1' });
    expect(await api.ask('api/orders')).toEqual({ ok: true });
    expect(servers.sent.map(({ token }) => token)).toEqual(['Bearer old', 'Bearer new']);
  });

  it('ends the session with the reason if the API refuses the new token, too', async () => {
    signIn({ id: 's1', accessToken: 'old', refreshToken: 'r1' });
    servers.state.issued = 'other';
    await expect(api.ask('api/orders')).rejects.toThrow('Your session has ended. It has no audience.');
    expect(servers.sent).toHaveLength(2);
    expect({ ends: ends.length, session: session() }).toEqual({ ends: 1, session: null });
  });

  it.each([
    ['cannot be renewed', {}, true],
    ['is not renewed by the provider', { refreshToken: 'r1' }, false],
  ])('is not sent if the token has expired and %s', async (_, renewable, renews) => {
    servers.state.renews = renews;
    signIn({ id: 's1', accessToken: 'old', ...renewable, ...expired });
    await expect(api.ask('api/orders')).rejects.toThrow('Your session has expired.');
    expect({ sent: servers.sent, ends, session: session() }).toEqual({
      ...{ sent: [], ends: ['Your session has expired.'], session: null },
    });
  });

  it('does not use a session that has ended, although an old copy of it comes back', async () => {
    servers.state.valid = 'none';
    signIn({ id: 's1', accessToken: 'new' });
    await expect(api.ask('api/orders')).rejects.toThrow('Your session has ended.');
    servers.state.valid = 'new';
    signIn({ id: 's1', accessToken: 'new' });
    await expect(api.ask('api/orders')).rejects.toMatchObject({ status: 401 });
    expect(servers.sent.at(-1)?.token).toBe(null);
    signIn({ id: 's2', accessToken: 'new' });
    expect(await api.ask('api/orders')).toEqual({ ok: true });
  });

  it('says that the provider is away, and keeps the session', async () => {
    servers.state.isProviderAway = true;
    signIn({ id: 's1', accessToken: 'old', refreshToken: 'r1', ...expired });
    await expect(api.ask('api/orders')).rejects.toMatchObject({ status: 503, isFinal: false });
    servers.state.isProviderAway = false;
    expect(await api.ask('api/orders')).toEqual({ ok: true });
    expect(ends).toEqual([]);
  });

  it('uses a token up to its end while the provider is away', async () => {
    servers.state.isProviderAway = true;
    signIn({ id: 's1', accessToken: 'new', refreshToken: 'r1', renewAt: 1 });
    expect(await api.ask('api/orders')).toEqual({ ok: true });
  });
});
