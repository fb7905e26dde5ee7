/** Keyboard, colour schemes and small screens. */
import { describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions } from 'playwright-core';
import { orderFor } from '../support/api-client.js';
import { accessibilityProblems } from '../support/browser.js';
import { useLivePages } from '../support/live-pages.js';

const PHONE = { viewport: { width: 360, height: 780 } };

describe('access to the live page', () => {
  const live = useLivePages();
  const { api, open } = live;

  it('can be used with the keyboard alone', async () => {
    const { page } = await open();
    const focused = () => page.evaluate<string>('document.activeElement.id || document.activeElement.textContent');
    async function tabTo(what: string): Promise<void> {
      for (let presses = 0; presses < 30; presses++) {
        if ((await focused()) === what) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`Tab does not come to ${what}`);
    }
    await tabTo('customer');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('keyboard-1');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Place order');
    await page.keyboard.press('Enter');
    await page.getByText('is accepted.').waitFor();
    await tabTo('show-placed');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('keyboard-1').waitFor();
    expect(await page.evaluate<boolean>("document.activeElement.closest('dialog') !== null")).toBe(true);
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('show-placed');

    // Rows keep their places while the list has the focus.
    await page.locator('#orders tr').nth(1).getByText('keyboard-1').waitFor();
    const [newest = ''] = await page.locator('#orders tbody button').allTextContents();
    await tabTo(newest);
    const { orderId } = await api.createOrder(orderFor('book-1'));
    await page.getByText('1 newer order waits').waitFor();
    expect(await focused()).toBe(newest);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('keyboard-1').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.getByTitle(orderId).first().waitFor();
  });

  describe.each<[string, BrowserContextOptions]>([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', PHONE],
  ])('%s', (_, options) => {
    it('has no accessibility violations and nothing too wide', async () => {
      const { page } = await open(options);
      const tooWide = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      await page.locator('#letters code').first().waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await tooWide()).toBe(0);
      await page.locator('#letters .link').first().click();
      await page.locator('#picture svg').waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await page.evaluate<number>('panel.scrollWidth - panel.clientWidth')).toBe(0);
    });
  });
});
