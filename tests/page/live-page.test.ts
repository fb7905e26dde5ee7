/** The live page in a browser. */
import { describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { orderFor } from '../support/api-client.js';
import { steps, useLivePages } from '../support/live-pages.js';

describe('the live page', () => {
  const live = useLivePages();
  const { api, open, place } = live;

  it('shows the life of an order, from the form to its timeline', async () => {
    const { page, complaints } = await open();
    const { orderId, row } = await place(page, 'test-fails-2-times');
    await row.getByText('completed').waitFor();
    await page.getByRole('button', { name: 'Show its timeline' }).click();

    const panel = page.getByRole('dialog');
    await panel.getByText(orderId).waitFor();
    await panel.getByText('COMPLETED', { exact: true }).waitFor();
    await panel.locator('#picture').getByText('customer notified').waitFor();
    const said = await steps(page);
    expect(said.filter((step) => !/notification|notified/.test(step))).toEqual([
      ...['accepted', 'sent', 'received', 'retried', 'received (2)', 'retried', 'received (3)', 'completed'],
    ]);
    expect(await panel.locator('#steps tr').count()).toBe(said.length);
    expect(await panel.locator('#steps').textContent()).toContain('WarehouseError');
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  it('shows an order in progress, and each of its stages', async () => {
    const { page } = await open();
    const { row } = await place(page, 'test-slow');
    await row.getByText('processing').waitFor();
    await page.locator('#flow [data-stage=processing] .count').getByText(/[1-9]/).waitFor();
    expect(await row.locator('.pill').getAttribute('data-stage')).toBe('processing');
  });

  it('shows texts from the API as text, never as markup', async () => {
    const { page, complaints } = await open();
    const { orderId } = await api.createOrder(orderFor('book-1', '<img src=x onerror=alert(1)>'));
    await page.getByTitle(orderId).first().click();
    await page.getByRole('dialog').getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('shows queues, workers and the last seconds', async () => {
    const { page } = await open();
    await page.locator('#queues').getByText('local-order-queue', { exact: true }).waitFor();
    await page.locator('#queues').getByText('local-order-queue-dlq', { exact: true }).waitFor();
    const workers = page.locator('#workers [data-status=ready]');
    const names = SERVICE_NAMES.filter((service) => service !== 'api-gateway').sort();
    await workers.nth(names.length - 1).waitFor();
    expect((await workers.locator('.name').allTextContents()).sort()).toEqual(names);
    expect(await page.locator('#throughput canvas').count()).toBe(1);
    await page.locator('#latency .value').getByText(/ms|s$/).first().waitFor();
  });

  it('shows no empty lists before the API has sent them', async () => {
    const context = await live.browser.newContext();
    const page = await context.newPage();
    await page.route('**/api/system/events', () => undefined);
    await page.goto(`${await live.system.apiUrl()}/`);
    await page.locator('#flow .count').first().waitFor();
    const shown = ['#orders-note', '#queues-note', '#letters-note', '#throughput .value', '#flow .count'];
    const texts = await Promise.all(shown.map((where) => page.locator(where).first().textContent()));
    expect(texts).toEqual(['Not known yet.', 'Not known yet.', 'Not known yet.', '–', '–']);
    await context.close();
  });

  it('reports that the API is unavailable, and reconnects when it recovers', async () => {
    const { page } = await open();
    const { row } = await place(page, 'coffee-beans');
    await row.getByText('completed').waitFor();
    await live.system.kill('api-gateway');
    await page.getByText('Not connected').waitFor();
    await page.getByRole('status').getByText('The API cannot be reached.').waitFor();
    await page.getByRole('button', { name: 'Place order' }).click();
    await page.getByText('You can press again without ordering twice').waitFor();

    await live.system.start('api-gateway');
    await page.locator('#connection[data-state=live]').waitFor();
    expect(await page.locator('#problem').textContent()).toBe('');
    await row.getByText('completed').waitFor();
    await (await place(page, 'coffee-beans')).row.getByText('completed').waitFor();
  });

  it('reports an AWS outage while it lasts, and shows the last known state', async () => {
    const { page, complaints } = await open();
    const { row } = await place(page, 'coffee-beans');
    await row.getByText('completed').waitFor();
    live.network.inject({ kind: 'refuse' }, 'DynamoDB', 'SQS', 'EventBridge');
    await page.locator('#problem:not(:empty)').waitFor();
    expect(await page.locator('#connection').textContent()).toBe('Live');
    expect(await row.count()).toBe(1);
    live.network.heal();
    await page.locator('#problem:empty').waitFor({ state: 'attached' });
    await (await place(page, 'coffee-beans')).row.getByText('completed').waitFor();
    // At most the dead letters that could not be read.
    expect(complaints.filter((complaint) => !complaint.includes('503'))).toEqual([]);
  });
});
