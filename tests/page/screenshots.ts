/** `npm run screenshots` takes the pictures of the live page in docs/images, from a separate system. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createApiClient } from '../support/api-client.js';
import { openLivePage, startBrowser } from '../support/browser.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { PRODUCTS, UNIT_PRICE } from '../../services/api-gateway/page/products.js';
import { readArguments } from '../../tools/usage.mjs';

readArguments('npm run screenshots   (it replaces the pictures in docs/images)', { options: {} });

const images = fileURLToPath(new URL('../../docs/images/', import.meta.url));
/** Long enough for a curve. */
const LOAD_SECONDS = 100;
const MAX_PER_SECOND = 14;

type ApiClient = ReturnType<typeof createApiClient>;

async function place(api: ApiClient, productId: string, customer: number, quantity = 1): Promise<string> {
  const product = PRODUCTS.find((one) => one.productId === productId);
  const item = { productId, productName: product?.productName ?? productId, quantity, unitPrice: UNIT_PRICE };
  const request = { customerId: `customer-${customer}`, items: [item], totalAmount: quantity * UNIT_PRICE };
  return (await api.createOrder(request)).orderId;
}

async function placeMany(api: ApiClient): Promise<void> {
  for (let second = 0; second < LOAD_SECONDS; second++) {
    const count = Math.round((MAX_PER_SECOND * (1.1 + Math.sin(second / 9))) / 2.1);
    const next = sleep(1_000);
    await Promise.all(
      Array.from({ length: count }, (_, n) => place(api, 'coffee-beans', 40 + (n % 7), 1 + ((second + n) % 3))),
    );
    if (second === 30 || second === 60) await place(api, 'test-fails-always', 12);
    if (second % 25 === 10) await place(api, 'test-out-of-stock', 23);
    if (second % 20 === 5) await place(api, 'test-fails-2-times', 31);
    await next;
  }
}

type Shot = BrowserContextOptions & { prepare?: (page: Page) => Promise<void> };

async function takePictures(browser: Browser, system: EmbeddedSystem): Promise<void> {
  const api = createApiClient(() => system.apiUrl());
  const apiUrl = await system.apiUrl();

  async function shoot(name: string, { prepare, ...options }: Shot): Promise<void> {
    const { page, close } = await openLivePage(browser, apiUrl, options);
    await page.locator('#letters code').first().waitFor();
    await prepare?.(page);
    await page.screenshot({ path: `${images}${name}.png`, animations: 'disabled' });
    await close();
  }

  // The API counts seconds only while a page is open.
  const watching = await openLivePage(browser, apiUrl);
  await placeMany(api);
  const retried = await place(api, 'test-fails-2-times', 31, 2);
  await api.orderInState(retried, 'COMPLETED');
  await place(api, 'test-out-of-stock', 23);
  await place(api, 'test-fails-always', 12);
  await place(api, 'test-fails-2-times', 9);
  await place(api, 'test-slow', 7);
  await sleep(1_500);
  const viewport = { width: 1_280, height: 980 };
  await shoot('live-page-light', { viewport, colorScheme: 'light' });
  await shoot('live-page-dark', { viewport, colorScheme: 'dark' });
  await shoot('phone', { viewport: { width: 360, height: 780 }, colorScheme: 'light' });
  await shoot('timeline', {
    viewport: { width: 1_100, height: 760 },
    colorScheme: 'light',
    prepare: async (page) => {
      await page.getByTitle(retried).first().click();
      await page.locator('#picture').getByText('customer notified').waitFor();
    },
  });
  await watching.close();
}

await mkdir(images, { recursive: true });
const browser = await startBrowser();
try {
  const system = await startEmbeddedSystem({ build: false });
  // Separate, because closing a crashed browser fails, too.
  try {
    await takePictures(browser, system);
  } finally {
    await system.dispose();
  }
} finally {
  await browser.close();
}
