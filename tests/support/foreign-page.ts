import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from './browser.js';

/** A name that resolves to this machine after DNS rebinding. */
const EVIL = 'evil.example';
const PAGE = readFileSync(new URL('foreign-page.html', import.meta.url), 'utf8');

type Write = { path: string; body: string; type: string; method?: string; headers?: Record<string, string> };

/** Reads and writes to try on a target, by every means that a page has. */
export type Attack = { reads: string[]; writes: Write[] };

/** Origin of the attacking page: another site, another port, no origin, or a rebound name. */
export const ATTACKERS = ['another site', 'another port', 'a sandbox', 'a rebound name'] as const;
type Attacker = (typeof ATTACKERS)[number];

type AttackReport = {
  /** What the page managed to read, load or open. */
  loot: string[];
  /** Requests that arrived, with their answers. */
  answers: { method: string; path: string; status: number }[];
};

export type ForeignPages = {
  attack: (attacker: Attacker, target: string, what: Attack) => Promise<AttackReport>;
  close: () => Promise<void>;
};

/** A browser, and a server for pages of other origins. */
export async function startForeignPages(): Promise<ForeignPages> {
  const server = createServer(({ url }, response) => {
    const sandbox = { 'content-security-policy': 'sandbox allow-scripts allow-forms' };
    const headers = { 'content-type': 'text/html', ...(url === '/sandbox' ? sandbox : {}) };
    response.writeHead(200, headers).end(PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const browser: Browser = await startBrowser([
    `--host-resolver-rules=MAP ${EVIL} 127.0.0.1`,
    // The browser's own protection of local networks is new, and asks the user.
    '--disable-features=LocalNetworkAccessChecks',
  ]);

  async function open(page: Page, attacker: Attacker, target: URL): Promise<string> {
    if (attacker !== 'a rebound name') {
      const host = attacker === 'another port' ? target.hostname : EVIL;
      await page.goto(`http://${host}:${port}/${attacker === 'a sandbox' ? 'sandbox' : ''}`);
      return target.origin;
    }
    // The attacker's server delivered the page on the target's port. Now its name resolves to the target.
    const base = `http://${EVIL}:${target.port}`;
    await page.route(`${base}/attack`, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
    await page.goto(`${base}/attack`);
    return base;
  }

  return {
    attack: async (attacker, target, what) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      const base = await open(page, attacker, new URL(target));
      const answers: AttackReport['answers'] = [];
      page.on('response', (response) => {
        const { origin, pathname } = new URL(response.url());
        if (origin === base)
          answers.push({ method: response.request().method(), path: pathname, status: response.status() });
      });
      const loot = await page.evaluate<string[]>(`attack(${JSON.stringify(base)}, ${JSON.stringify(what)})`);
      await context.close();
      return { loot, answers };
    },
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}
