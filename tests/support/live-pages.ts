/** A whole system on MiniStack behind a faulty network, and live pages of it. */
import { afterAll, afterEach, beforeAll, jest } from '@jest/globals';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createApiClient, orderFor } from './api-client.js';
import { openLivePage, startBrowser, type LivePage } from './browser.js';
import { startEmbeddedSystem } from './embedded-system.js';
import { startFaultyNetwork, type FaultyNetwork } from './faulty-network.js';
import { connectOperator } from './operator.js';
import type { System } from './system.js';

const SOON_MS = 20_000;

/** The steps in the picture of a timeline. */
export const steps = async (page: Page) => page.locator('#picture .row text:not(.took)').allTextContents();

/** Places an order with the form; returns its row in the list. */
export async function place(page: Page, productId: string) {
  const accepted = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.status() === 201);
  await page.getByLabel('Product').selectOption(productId);
  await page.getByRole('button', { name: 'Place order' }).click();
  const { orderId } = (await (await accepted).json()) as { orderId: string };
  return { orderId, row: page.locator('#orders tr', { has: page.getByTitle(orderId) }) };
}

export function useLivePages() {
  jest.setTimeout(90_000);
  let network: FaultyNetwork;
  let system: System;
  let operator: ConnectedSystem;
  let browser: Browser;
  const opened = new Set<LivePage>();
  const api = createApiClient(() => system.apiUrl());

  beforeAll(async () => {
    browser = await startBrowser();
    system = await startEmbeddedSystem({
      endpointFor: async (emulatorUrl) => {
        network = await startFaultyNetwork(emulatorUrl);
        return network.url;
      },
    });
    operator = await connectOperator(await system.awsEndpoint(), system.stage);
    // A dead letter that exists before the first test.
    await api.createOrder(orderFor('test-fails-always'));
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    operator.aws.close();
    await system.dispose();
    await network.dispose();
  }, 60_000);

  afterEach(async () => {
    network.heal();
    await Promise.all([...opened].map(({ close }) => close()));
    opened.clear();
  });

  async function open(options?: BrowserContextOptions): Promise<LivePage> {
    const live = await openLivePage(browser, await system.apiUrl(), options);
    opened.add(live);
    live.page.setDefaultTimeout(SOON_MS);
    return live;
  }

  return {
    get network() {
      return network;
    },
    get system() {
      return system;
    },
    get operator() {
      return operator;
    },
    get browser() {
      return browser;
    },
    api,
    open,
    place,
  };
}
