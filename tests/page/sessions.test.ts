/** The end and the renewal of sessions on the live page. */
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { accessibilityProblems } from '../support/browser.js';
import { place } from '../support/live-pages.js';
import { useSignedInPages } from '../support/signed-in-pages.js';

const SESSION_KEY = 'orderflow.session';

const tokenOf = (page: Page) =>
  page.evaluate<string>(`JSON.parse(sessionStorage.getItem('${SESSION_KEY}')).accessToken`);

/** From now on, the provider gives no refresh tokens. */
async function withoutRenewal(page: Page): Promise<void> {
  await page.route('**/token', async (route) => {
    const response = await route.fetch();
    const { refresh_token: _dropped, ...tokens } = (await response.json()) as { refresh_token: string };
    await route.fulfill({ response, json: tokens });
  });
}

describe('a session on the live page', () => {
  const live = useSignedInPages();
  const { open, signIn } = live;

  it('is renewed before its token expires, and an open stream goes on', async () => {
    const { page, complaints } = await open();
    await signIn(page, 'olga');
    await page.locator('#connection[data-state=live]').waitFor();
    const first = await tokenOf(page);
    const streams: (string | undefined)[] = [];
    const connections: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/api/system/events')) streams.push(request.headers().authorization);
    });
    await page.exposeFunction('note', (state: string) => connections.push(state));
    await page.evaluate(`new MutationObserver(() => note(connection.dataset.state))
      .observe(connection, { attributeFilter: ['data-state'] })`);
    await page.waitForRequest((request) => request.url().endsWith('/api/system/events'));
    const second = await tokenOf(page);
    expect(second).not.toBe(first);
    expect(streams).toEqual([`Bearer ${second}`]);
    await (await place(page, 'coffee-beans')).row.getByText('completed').waitFor();
    expect(connections.filter((state) => state !== 'live')).toEqual([]);
    expect(complaints.filter((complaint) => !complaint.includes('status of 401'))).toEqual([]);
  });

  it('follows an order to its end although the token expires meanwhile', async () => {
    const { page } = await open();
    await signIn(page, 'alice');
    await page.locator('#connection[data-state=live]').waitFor();
    const first = await tokenOf(page);
    const { row } = await place(page, 'test-slow');
    await row.getByRole('button').click();
    const panel = page.getByRole('dialog');
    // All four attempts take too long here.
    await panel.getByText(/^FAILED, /).waitFor();
    await panel.locator('#picture').getByText('customer notified').waitFor();
    expect(await tokenOf(page)).not.toBe(first);
    // Remedies are for operators.
    expect(
      await panel
        .getByText(/replay/i)
        .filter({ visible: true })
        .count(),
    ).toBe(0);
  });

  it('asks to sign in again when it has expired, and loses no typed order', async () => {
    const { page } = await open();
    await withoutRenewal(page);
    await signIn(page, 'alice');
    await page.getByLabel('Product').selectOption('test-slow');
    await page.getByLabel('Quantity').fill('7');
    await page.getByText('Your session has expired.').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Place order' }).click();
    expect(await page.getByLabel('Quantity').inputValue()).toBe('7');

    // The provider still knows who it is, so that it asks nothing.
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('#who-name').getByText('alice').waitFor();
    await page.getByText('Your order is still here.').waitFor();
    expect(await page.getByLabel('Product').inputValue()).toBe('test-slow');
    expect(await page.getByLabel('Quantity').inputValue()).toBe('7');
  });

  it('shows the order that one person typed to nobody else', async () => {
    const { page } = await open();
    await withoutRenewal(page);
    await signIn(page, 'alice');
    await page.getByLabel('Quantity').fill('7');
    await page.getByText('Your session has expired.').waitFor();
    await page.context().clearCookies();
    await signIn(page, 'bob');
    await page.getByText('None yet.').waitFor();
    expect(await page.getByLabel('Quantity').inputValue()).toBe('1');
    await page.goBack();
    await page.goForward();
    await page.locator('#who-name').getByText('bob').waitFor();
    expect(await page.content()).not.toContain('alice');
  });

  it('that has ended does not come back with a page that the browser kept', async () => {
    const { page } = await open();
    await signIn(page, 'alice');
    await page.goto(`${live.provider.issuer}/health/ready`);
    await page.goto(`${live.apiUrl}/`);
    await page.locator('#who-name').getByText('alice').waitFor();
    await live.signOut(page);
    await signIn(page, 'bob');
    // Back over the sign-in of bob, the page without a session, the sign-out and the page of alice.
    for (let back = 0; back < 5; back++) {
      await page.goBack();
      await page.waitForLoadState();
      if (!page.url().startsWith(live.apiUrl)) continue;
      await page
        .getByRole('button', { name: 'Sign in' })
        .or(page.locator('#who-name').getByText('bob'))
        .first()
        .waitFor();
      expect(await page.locator('#who-name').textContent()).not.toContain('alice');
    }
    expect(page.url()).toBe(`${live.apiUrl}/`);
  });

  it('is not shared with another tab', async () => {
    const { page } = await open();
    await signIn(page, 'alice');
    const other = await page.context().newPage();
    await other.goto(live.apiUrl);
    await other.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await other.locator('#who').isVisible()).toBe(false);
  });
});

describe('a sign-in on the live page', () => {
  const live = useSignedInPages();
  const { open } = live;

  it('can be cancelled', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('The sign-in was cancelled.').waitFor();
    expect(page.url()).toBe(`${live.apiUrl}/`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('that another page began is refused', async () => {
    const { page } = await open();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.method()));
    await page.goto(`${live.apiUrl}/?code=stolen&state=forged&iss=${encodeURIComponent(live.provider.issuer)}`);
    await page.getByText('This sign-in was not begun in this tab.').waitFor();
    expect(page.url()).toBe(`${live.apiUrl}/`);
    expect(asked).not.toContain('POST');

    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'alice' }).waitFor();
    await page.goto(`${live.apiUrl}/?code=stolen&state=forged&iss=${encodeURIComponent(live.provider.issuer)}`);
    await page.getByText('The sign-in did not work: unexpected "state"').waitFor();
    expect(asked.filter((method) => method === 'POST')).toEqual([]);
  });

  it('whose token the API refuses says why, and does not try again and again', async () => {
    const { page } = await open();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.route('**/token', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...((await response.json()) as object), access_token: 'nonsense' } });
    });
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'alice' }).click();
    await page.getByText('Your session has ended. The access token is not valid').waitFor();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(asked.filter((path) => path === '/api/caller')).toHaveLength(1);
    expect(asked.filter((path) => path === '/token')).toHaveLength(2);
  });

  it('names the setting that it needs', async () => {
    const { page } = await open();
    await page.route('**/.well-known/oauth-protected-resource', async (route) => {
      const response = await route.fetch();
      const { page_client_id: _unset, ...resource } = (await response.json()) as { page_client_id: string };
      await route.fulfill({ response, json: resource });
    });
    await page.reload();
    await page.getByText('OIDC_PAGE_CLIENT_ID').waitFor();
    expect(await page.getByRole('button', { name: 'Sign in' }).isVisible()).toBe(false);
  });

  it('reports that the provider is away, and works when it is back', async () => {
    const { page } = await open();
    await page.route(`${live.provider.issuer}/**`, (route) => route.abort());
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('cannot be used: it does not answer.').waitFor();
    await page.unroute(`${live.provider.issuer}/**`);
    await live.signIn(page, 'alice');
  });
});
