import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { findChromium } from './chromium.mjs';

/** The machine's Chromium, headless. @throws where there is none */
export async function startBrowser(args: string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium is in PATH, nor at CHROMIUM_PATH');
  // Chromium refuses to run as root, as in a container, with its sandbox.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args: [...sandbox, ...args] });
}

export type LivePage = {
  page: Page;
  /** Errors and warnings in the console, what the content security policy stopped, and requests to anybody else. */
  complaints: string[];
  close: () => Promise<void>;
};

/** The live page, open and connected. */
export async function openLivePage(
  browser: Browser,
  apiUrl: string,
  options: BrowserContextOptions = {},
): Promise<LivePage> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${apiUrl}/`)) complaints.push(`request to ${request.url()}`);
  });
  // Not as a script of the page, which its policy would stop.
  await page.addInitScript(axe.source);
  await page.goto(`${apiUrl}/`);
  await page.locator('#connection[data-state=live]').waitFor();
  return { page, complaints, close: () => context.close() };
}

/** What axe-core finds wrong with the page as it is, by rule and place. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document)');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}
