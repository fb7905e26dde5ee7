/** A whole system that needs tokens, its OpenID provider, and live pages of it. */
import { afterAll, afterEach, beforeAll, jest } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { trustVariables } from '../../tools/local/identity-provider.mjs';
import { openPage, startBrowser, type LivePage } from './browser.js';
import { startEmbeddedSystem } from './embedded-system.js';
import { startProvider } from './identity-provider/start-provider.js';
import type { System } from './system.js';

/** Also of a renewal, which waits for half of a token's life. */
const SOON_MS = 30_000;
/** Short, so that tests can await the end of a token; long enough to use one. */
const TOKEN_LIFE_S = 12;

export function useSignedInPages() {
  jest.setTimeout(120_000);
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let system: System;
  let browser: Browser;
  let apiUrl: string;
  const opened = new Set<LivePage>();

  beforeAll(async () => {
    // As on a laptop, the browser keeps pages to go back to.
    browser = await startBrowser([], ['--disable-back-forward-cache']);
    provider = await startProvider({ ACCESS_TOKEN_TTL_SECONDS: String(TOKEN_LIFE_S) });
    system = await startEmbeddedSystem({ envOf: { 'api-gateway': trustVariables(provider.port) } });
    apiUrl = await system.apiUrl();
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await system.dispose();
    provider.dispose();
  }, 60_000);

  afterEach(async () => {
    await Promise.all([...opened].map(({ close }) => close()));
    opened.clear();
  });

  /** The page before anyone has signed in. */
  async function open(options?: BrowserContextOptions): Promise<LivePage> {
    const live = await openPage(browser, [apiUrl, provider.issuer], options);
    opened.add(live);
    live.page.setDefaultTimeout(SOON_MS);
    await live.page.goto(`${apiUrl}/`);
    await live.page.getByRole('button', { name: 'Sign in' }).waitFor();
    return live;
  }

  /** Signs in with the form of the provider. */
  async function signIn(page: Page, person: string): Promise<void> {
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: person }).click();
    await page.locator('#who-name').getByText(person).waitFor();
  }

  async function signOut(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${provider.issuer}/**`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${apiUrl}/`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  }

  return {
    get apiUrl() {
      return apiUrl;
    },
    get provider() {
      return provider;
    },
    open,
    signIn,
    signOut,
  };
}
