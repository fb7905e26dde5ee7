import { createHash, randomBytes } from 'node:crypto';
import { PAGE_CLIENT_ID } from '../../../tools/identity-provider/registered.mjs';
import { askForToken } from './tokens.js';

const VERIFIER = randomBytes(32).toString('base64url');
const MAX_REDIRECTS = 10;

/** A browser without scripts: it keeps cookies and follows redirects within the provider. */
export function createVisitor(issuer: string, redirectUri: string) {
  const cookies = new Map<string, string>();

  async function visit(path: string, init: RequestInit = {}): Promise<Response> {
    let url = new URL(path, issuer);
    let request = init;
    for (let count = 0; count < MAX_REDIRECTS; count++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = new Headers(request.headers);
      headers.set('cookie', cookie);
      const response = await fetch(url, { ...request, redirect: 'manual', headers });
      for (const set of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        if (value === '' || /expires=Thu, 01 Jan 1970/i.test(set)) cookies.delete(name);
        else cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) return Object.assign(response, { at: url });
      url = new URL(location, url);
      if (url.origin !== issuer) return Object.assign(response, { at: url });
      request = {};
    }
    throw new Error('too many redirects');
  }

  /** Begins a sign-in of the live page. Ends at the form, or back at the page. */
  async function begin(more: Record<string, string> = {}) {
    const query = new URLSearchParams({
      ...{ client_id: PAGE_CLIENT_ID, response_type: 'code', redirect_uri: redirectUri, state: 'state-1' },
      ...{ scope: 'openid profile orders:read orders:write notifications:write ops' },
      ...{ code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'), code_challenge_method: 'S256' },
      ...more,
    });
    return (await visit(`/auth?${query.toString()}`)) as Response & { at: URL };
  }

  /** Sends the form. */
  async function choose(form: URL, fields: Record<string, string>, headers: Record<string, string> = {}) {
    const init = { method: 'POST', headers, body: new URLSearchParams(fields) };
    return (await visit(form.href, init)) as Response & { at: URL };
  }

  async function redeem(code: string, headers?: Record<string, string>) {
    const form = { grant_type: 'authorization_code', client_id: PAGE_CLIENT_ID, redirect_uri: redirectUri };
    return askForToken(issuer, { ...form, code, code_verifier: VERIFIER }, { headers });
  }

  /** Signs in as this person, and returns the tokens. */
  async function signIn(person: string) {
    const form = await begin();
    const back = await choose(form.at, { person });
    return redeem(back.at.searchParams.get('code') ?? '');
  }

  return { visit, begin, choose, redeem, signIn };
}
