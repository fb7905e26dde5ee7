import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { eventually } from '@orderflow/testing/eventually';
import { findChromium } from '../../tools/local/chromium.mjs';

/** The machine's Chromium, headless, without some of Playwright's own arguments. @throws if it is missing */
export async function startBrowser(args: string[] = [], ignoreDefaultArgs: string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium is in PATH, nor at CHROMIUM_PATH');
  // As root, for example in a container, Chromium refuses to run with its sandbox.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args: [...sandbox, ...args], ignoreDefaultArgs });
}

export type LivePage = {
  page: Page;
  /** Console errors and warnings, violations of the content security policy, and requests to other hosts. */
  complaints: string[];
  close: () => Promise<void>;
};

/** Chromium aborts requests when a network address appears or disappears, for example of another test's container. */
const NETWORK_CHANGED = 'net::ERR_NETWORK_CHANGED';
const LIVE_WITHIN_MS = 60_000;

/** An empty page in a separate context, which may send requests to these origins. */
export async function openPage(
  browser: Browser,
  origins: string[],
  options: BrowserContextOptions = {},
): Promise<LivePage> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isComplaint = ['error', 'warning'].includes(message.type()) && !message.text().includes(NETWORK_CHANGED);
    if (isComplaint) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!origins.includes(new URL(request.url()).origin)) complaints.push(`request to ${request.url()}`);
  });
  // Injected, because the page's policy would block a script element.
  await page.addInitScript(axe.source);
  return { page, complaints, close: () => context.close() };
}

/** The live page, open and connected. */
export async function openLivePage(
  browser: Browser,
  apiUrl: string,
  options: BrowserContextOptions = {},
): Promise<LivePage> {
  const opened = await openPage(browser, [apiUrl], options);
  const { page } = opened;
  let isCutOff = false;
  page.on('requestfailed', (request) => {
    isCutOff ||= request.failure()?.errorText === NETWORK_CHANGED;
  });
  const live = page.locator('#connection[data-state=live]');
  await eventually(
    async () => {
      isCutOff = false;
      await page.goto(`${apiUrl}/`);
      await eventually(async () => isCutOff || (await live.isVisible()), 'the end of its loading');
      return live.isVisible();
    },
    'a live page',
    LIVE_WITHIN_MS,
  );
  return opened;
}

/** Accessibility violations found by axe-core, by rule and place. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document)');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}
