/** Who sees what on the live page, with the laptop's OpenID provider. */
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { accessibilityProblems } from '../support/browser.js';
import { place } from '../support/live-pages.js';
import { useSignedInPages } from '../support/signed-in-pages.js';

/** What only operators may ask for. */
const FOR_OPERATORS = /\/api\/(?:system|dead-letters)|\/replay$/;
/** Chromium reports the answer that tells the page that nobody has signed in. */
const isExpected = (complaint: string) => complaint.includes('status of 401');

const storageOf = (page: Page) => page.evaluate<string>('JSON.stringify({ ...sessionStorage }) + document.cookie');

/** Opens the panel of any order, as a link to it would. */
async function openOrder(page: Page, orderId: string): Promise<void> {
  await page.evaluate(`{
    const link = document.createElement('button');
    link.dataset.order = '${orderId}';
    document.body.append(link);
    link.click();
    link.remove();
  }`);
}

describe('the live page with sign-in', () => {
  const live = useSignedInPages();
  const { open, signIn, signOut } = live;

  it('shows a customer its own orders and nothing of anyone else', async () => {
    const { page, complaints } = await open();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    expect(await page.locator('main > :visible').count()).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);

    await signIn(page, 'alice');
    expect(page.url()).toBe(`${live.apiUrl}/`);
    expect(await page.getByLabel('Customer').inputValue()).toBe('alice');
    expect(await page.getByLabel('Customer').isEditable()).toBe(false);
    const { orderId, row } = await place(page, 'coffee-beans');
    await page.getByRole('button', { name: 'Show its timeline' }).click();
    const panel = page.getByRole('dialog');
    await panel.getByText('COMPLETED', { exact: true }).waitFor();
    await panel.locator('#picture').getByText('customer notified').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await row.getByText('completed').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    for (const card of ['Queues', 'Workers', 'Dead letters', 'Last five minutes', 'API reference']) {
      expect(await page.getByText(card, { exact: true }).isVisible()).toBe(false);
    }
    await page.reload();
    await row.getByText('completed').waitFor();
    await signOut(page);
    expect(await page.content()).not.toContain(orderId);
    expect(await storageOf(page)).toMatch(/^\{\}orderflow_ended=[\w.-]+$/);

    await signIn(page, 'bob');
    await page.getByText('None yet.').waitFor();
    expect(await page.content()).not.toMatch(new RegExp(`alice|${orderId}`));
    await openOrder(page, orderId);
    await panel.getByText(/there is no order/i).waitFor();
    expect(await panel.textContent()).not.toContain('alice');
    expect(await panel.locator('dd').count()).toBe(0);
    expect(asked.filter((path) => FOR_OPERATORS.test(path))).toEqual([]);
    expect(complaints.filter((complaint) => !isExpected(complaint) && !complaint.includes('404'))).toEqual([]);
  });

  it('shows an operator all orders, the system and the documents', async () => {
    const customer = await open();
    await signIn(customer.page, 'bob');
    const { orderId } = await place(customer.page, 'coffee-beans');

    const { page, complaints } = await open();
    await signIn(page, 'olga');
    await page.getByTitle(orderId).first().waitFor();
    await page.locator('#queues').getByText('local-order-queue', { exact: true }).waitFor();
    await page.locator('#workers [data-status=ready]').first().waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByLabel('Customer').fill('customer-7');
    const { row } = await place(page, 'coffee-beans');
    await row.getByText('completed').waitFor();

    const token = await page.evaluate<string>("JSON.parse(sessionStorage['orderflow.session']).accessToken");
    await page.getByRole('link', { name: 'API reference' }).click();
    await page.locator('.opblock').first().waitFor();
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.locator('.auth-container input').fill(token);
    await page.locator('.auth-btn-wrapper .authorize').click();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('/api/caller', { exact: true }).click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.locator('.live-responses-table').getByText('olga').first().waitFor();
    await page.goto(`${live.apiUrl}/`);
    await page.locator('#who-name').getByText('olga').waitFor();
    await signOut(page);
    expect(await storageOf(page)).toMatch(/^\{\}orderflow_ended=[\w.-]+$/);
    expect((await page.request.get(`${live.apiUrl}/docs`)).status()).toBe(401);
    expect(complaints.filter((complaint) => !isExpected(complaint))).toEqual([]);
  });
});
