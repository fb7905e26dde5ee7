import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createIssuer, JWT_MODE } from '@orderflow/testing/api-gateway/issuer';
import { bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

const page = readFileSync(new URL('../../page/index.html', import.meta.url), 'utf8');

/** The files that the page loads, including their imports. */
async function assets(): Promise<string[]> {
  const { get } = await startApi();
  const found = new Set([...page.matchAll(/(?:href|src)="(page\/[^"]+)"/g)].map(([, path = '']) => `/${path}`));
  for (const path of found) {
    const { text } = await get(path);
    for (const [, relative = ''] of text.matchAll(/(?:^import .*|\bimport\()'(\.[^']+)'/gm)) {
      found.add(new URL(relative, `http://api${path}`).pathname);
    }
  }
  return [...found];
}

describe('the page', () => {
  it('is at /', async () => {
    const answer = await (await startApi()).get('/');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^text\/html/);
    expect(answer.text).toBe(page);
  });

  it('finds all its files on its own origin', async () => {
    const { get } = await startApi();
    const paths = await assets();
    expect(paths).toEqual(expect.arrayContaining(['/page/main.js', '/page/feed.js', '/page/uplot/uPlot.esm.js']));
    expect(paths).toEqual(expect.arrayContaining(['/page/oauth4webapi/index.js', '/page/eventsource-parser/index.js']));
    for (const path of paths) expect({ path, status: (await get(path)).status }).toEqual({ path, status: 200 });
    expect(page).not.toMatch(/(?:href|src)="(?:https?:)?\/\//);
  });

  it.each(['/', '/page/main.js', '/page/page.css', '/page/uplot/uPlot.esm.js'])(
    '%s may load from its own origin only, and run no inline code',
    async (path) => {
      const { headers } = await (await startApi()).get(path);
      const policy = headers['content-security-policy']?.split('; ').sort();
      expect(policy).toEqual([
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "img-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
      ]);
      expect(headers['x-content-type-options']).toBe('nosniff');
    },
  );

  it.each([
    ['with tokens', {}, `'self' https://login.test`],
    [
      'with a token endpoint elsewhere',
      { OIDC_PAGE_ORIGINS: 'https://tokens.test, http://localhost:3040' },
      `'self' https://login.test https://tokens.test http://localhost:3040`,
    ],
    ['without tokens', { AUTH_MODE: 'off', OIDC_PAGE_ORIGINS: 'https://tokens.test' }, `'self'`],
  ])('may connect to where people sign in, %s', async (_, env, expected) => {
    const issuer = await createIssuer();
    const { get } = await startApi({ ...JWT_MODE, ...env }, undefined, issuer.fetch);
    const { headers } = await get('/');
    expect(headers['content-security-policy']).toContain(`connect-src ${expected};`);
  });

  it('has no inline code that its policy would block', () => {
    expect(page).not.toMatch(/<style| style=| on\w+="|<script(?![^>]* src=)/);
  });

  it.each(['/', '/page/main.js'])('%s is revalidated, and sent again only when it has changed', async (path) => {
    const { get } = await startApi();
    const { headers } = await get(path);
    expect(headers['cache-control']).toBe('no-cache');
    const again = await get(path, { 'if-none-match': headers.etag! });
    expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' });
  });

  it('leaves the policy of other pages alone', async () => {
    const { get } = await startApi();
    for (const path of ['/docs', '/page/none.js']) {
      expect((await get(path)).headers['content-security-policy']).toContain("default-src 'self'");
    }
  });
});

describe('everything but the page', () => {
  it.each([
    '/page',
    '/page/',
    '/page/none.js',
    '/page/index.html',
    '/page/tsconfig.json',
    '/page/libraries.d.ts',
    '/page/live-state.test.ts',
    '/page/uplot/uPlot.cjs.js',
    '/page/oauth4webapi/',
    '/page/oauth4webapi/index.d.ts',
    '/page/eventsource-parser/index.cjs',
    '/page/..%2fpackage.json',
    '/page/%2e%2e/package.json',
  ])('%s is 404', async (path) => {
    const answer = await (await startApi()).get(path);
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 404, code: 'ROUTE_NOT_FOUND' });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it.each(['/', '/page/main.js', '/page/uplot/uPlot.min.css'])('POST %s is 405 with Allow', async (path) => {
    const answer = await (await startApi()).request('POST', path);
    expect({ status: answer.status, code: bodyOf(answer).code }).toEqual({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(answer.headers.allow).toBe('GET, HEAD');
  });
});
