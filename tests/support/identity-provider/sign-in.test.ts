import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PEOPLE, PAGE_CLIENT_ID } from '../../../tools/identity-provider/registered.mjs';
import { startProvider } from './start-provider.js';
import { askForToken, readToken } from './tokens.js';
import { createVisitor } from './visitor.js';

const PAGE = 'http://127.0.0.1:4123/';

let provider: Awaited<ReturnType<typeof startProvider>>;
const visitor = (page = PAGE) => createVisitor(provider.issuer, page);

beforeAll(async () => {
  provider = await startProvider();
});

afterAll(() => {
  provider.dispose();
});

describe('a person', () => {
  it.each(Object.entries(PEOPLE))('%s signs in, and gets the scopes of that role only', async (name, { scopes }) => {
    const { body } = await visitor().signIn(name);
    const { header, claims } = await readToken(provider.issuer, body.access_token);
    expect(header.typ).toBe('at+jwt');
    expect(claims).toMatchObject({ sub: name, aud: provider.audience, client_id: PAGE_CLIENT_ID });
    expect(claims.scope?.split(' ').sort()).toEqual([...scopes].sort());
    const { claims: identity } = await readToken(provider.issuer, body.id_token ?? '');
    expect(identity).toMatchObject({ sub: name, name, aud: PAGE_CLIENT_ID });
  });

  it('chooses from a list, and is told that there are no passwords', async () => {
    const form = await visitor().begin();
    const html = await form.text();
    for (const [name, { role }] of Object.entries(PEOPLE)) expect(html).toContain(`<b>${name}</b>, ${role}`);
    expect(html).toContain('There are no passwords');
    expect(html).not.toContain('<script');
    expect(form.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  it('may cancel', async () => {
    const browser = visitor();
    const form = await browser.begin();
    const { at } = await browser.choose(form.at, { cancel: 'yes' });
    expect(Object.fromEntries(at.searchParams)).toMatchObject({ error: 'access_denied', state: 'state-1' });
  });

  it('stays signed in for the next visit, until signing out', async () => {
    const browser = visitor();
    const { body } = await browser.signIn('alice');
    const again = await browser.begin();
    expect(again.at.searchParams.get('code')).toBeTruthy();

    const end = { id_token_hint: body.id_token ?? '', post_logout_redirect_uri: PAGE };
    const asked = await (await browser.visit(`/session/end?${new URLSearchParams(end).toString()}`)).text();
    expect(asked).toContain('signed in as <b>alice</b>');
    const [, xsrf = ''] = /name="xsrf" value="(\w+)"/.exec(asked) ?? [];
    const confirm = { method: 'POST', body: new URLSearchParams({ xsrf, logout: 'yes' }) };
    const back = (await browser.visit('/session/end/confirm', confirm)) as Response & { at: URL };
    expect(back.at.href).toBe(PAGE);
    expect(await (await browser.begin()).text()).toContain('Who are you?');
    // Signing out revokes what the page may still have.
    const renewal = { grant_type: 'refresh_token', client_id: PAGE_CLIENT_ID, refresh_token: body.refresh_token ?? '' };
    expect(await askForToken(provider.issuer, renewal)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  it('renews the access token once with each refresh token', async () => {
    const { body } = await visitor().signIn('alice');
    const renew = (token = '') =>
      askForToken(provider.issuer, { grant_type: 'refresh_token', client_id: PAGE_CLIENT_ID, refresh_token: token });
    const renewed = await renew(body.refresh_token);
    expect((await readToken(provider.issuer, renewed.body.access_token)).claims.sub).toBe('alice');
    expect((await renew(body.refresh_token)).status).toBe(400);
  });
});

describe('a sign-in is refused', () => {
  it.each([
    'https://evil.example/',
    'http://evil.example:4123/',
    'http://127.0.0.1:4123/elsewhere',
    'http://user@127.0.0.1:4123/',
    'http://localhost.evil.example/',
  ])('for a page at %s', async (page) => {
    const answer = await visitor(page).begin();
    expect(answer.status).toBe(400);
    expect(answer.at.origin).toBe(provider.issuer);
  });

  it('without PKCE', async () => {
    const { at } = await visitor().begin({ code_challenge: '', code_challenge_method: '' });
    expect(at.searchParams.get('error')).toBe('invalid_request');
  });

  it.each([
    ['by another site', { person: 'olga' }, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    [
      'by another page of this machine',
      { person: 'olga' },
      { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' },
    ],
    ['with an unknown name', { person: 'mallory' }, {}],
    ['with the name of a property', { person: 'constructor' }, {}],
    ['too large', { person: 'alice', padding: 'x'.repeat(2_000) }, {}],
  ])('if the form is sent %s', async (_, fields, headers) => {
    const browser = visitor();
    const form = await browser.begin();
    expect((await browser.choose(form.at, fields, headers)).status).toBe(400);
  });

  it('in a browser that did not begin it', async () => {
    const form = await visitor().begin();
    const answer = await visitor().choose(form.at, { person: 'alice' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('has expired, or it was begun in another browser');
  });

  it('and the error page shows text as text', async () => {
    const answer = await visitor().visit('/auth?client_id=%3Cimg%20src%3Dx%3E&scope=%3Cscript%3E');
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toMatch(/<img|<script/);
  });
});
