/** The live page in a browser, with a whole system on MiniStack. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { accessibilityProblems, openLivePage, startBrowser, type LivePage } from '../support/browser.js';
import { createApiClient, orderFor } from '../support/api-client.js';
import { startEmbeddedSystem } from '../support/embedded-system.js';
import { startFaultyNetwork, type FaultyNetwork } from '../support/faulty-network.js';
import { connectOperator } from '../support/operator.js';
import { bodyOf, order, put } from '../support/orders.js';
import type { System } from '../support/system.js';

const SOON_MS = 20_000;
const PHONE = { viewport: { width: 360, height: 780 } };

jest.setTimeout(90_000);

describe('the live page', () => {
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

  /** Places an order with the form; returns its row in the list. */
  async function place(page: Page, productId: string) {
    const accepted = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.status() === 201);
    await page.getByLabel('Product').selectOption(productId);
    await page.getByRole('button', { name: 'Place order' }).click();
    const { orderId } = (await (await accepted).json()) as { orderId: string };
    return { orderId, row: page.locator('#orders tr', { has: page.getByTitle(orderId) }) };
  }

  const steps = async (page: Page) => page.locator('#picture .row text:not(.took)').allTextContents();

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

  it('shows a dead letter with its reason, in the list and with its order', async () => {
    const { page, complaints } = await open();
    const { orderId, row } = await place(page, 'test-fails-always');
    await row.getByText('dead letter').waitFor();
    const letter = page.locator('#letters li', { has: page.getByTitle(orderId) });
    await letter.getByText('RECEIVES_EXHAUSTED').waitFor();
    expect(await letter.textContent()).toContain('not finished after 4 attempts');
    const command = await letter.locator('code').textContent();
    expect(command).toMatch(/^npm run dlq -- replay --id [0-9a-f-]{36}$/);

    await row.getByRole('button').click();
    const callout = page.getByRole('dialog').locator('.callout');
    expect(await callout.textContent()).toContain('RECEIVES_EXHAUSTED');
    expect(await callout.locator('code').textContent()).toBe(command);
    expect(complaints).toEqual([]);
  });

  it('says where a malformed message is wrong', async () => {
    const { page } = await open();
    const record = order();
    const QueueUrl = await operator.urlOf(operator.names.orderQueue);
    await operator.aws.sqs.send(
      new SendMessageCommand({
        ...{ QueueUrl, MessageBody: bodyOf(record, { totalAmount: 'twelve' }) },
        MessageAttributes: {
          sender: { DataType: 'String', StringValue: 'a <b>partner</b>' },
          signature: { DataType: 'Binary.raw', BinaryValue: Buffer.alloc(3) },
        },
      }),
    );
    const letter = page.locator('#letters li', { has: page.getByTitle(record.orderId) });
    await letter.getByText('INVALID_EVENT').waitFor();
    expect(await letter.textContent()).toMatch(/at \S*totalAmount/);
    const attributes = await letter.locator('.attributes').textContent();
    expect(attributes).toContain('sender: a <b>partner</b>');
    expect(attributes).toContain('signature (Binary.raw, 3 bytes)');
    expect(await letter.locator('code').textContent()).toMatch(/^npm run dlq -- drop --id /);
    expect(await letter.textContent()).toContain('A replay of the unchanged message would start nothing.');
  });

  it('shows no empty lists before the API has sent them', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route('**/api/system/events', () => undefined);
    await page.goto(`${await system.apiUrl()}/`);
    await page.locator('#flow .count').first().waitFor();
    const shown = ['#orders-note', '#queues-note', '#letters-note', '#throughput .value', '#flow .count'];
    const texts = await Promise.all(shown.map((where) => page.locator(where).first().textContent()));
    expect(texts).toEqual(['Not known yet.', 'Not known yet.', 'Not known yet.', '–', '–']);
    await context.close();
  });

  it('replays an order that was given up without a dead letter', async () => {
    const { page, complaints } = await open();
    const { outboxAt: _at, outboxShard: _shard, ...item } = order();
    const failure = { code: 'UNDELIVERED', message: 'No worker finished it.', retriable: true };
    await put(operator, { ...item, status: 'FAILED', version: 3, effects: 1, failure });
    const row = page.locator('#orders tr', { has: page.getByTitle(item.orderId) });
    await row.getByText('failed').waitFor();
    await row.getByRole('button').click();
    const panel = page.getByRole('dialog');
    const button = panel.getByRole('button', { name: 'Replay' });
    await button.waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await button.press('Enter');
    await panel.getByText('COMPLETED', { exact: true }).waitFor();
    await button.waitFor({ state: 'detached' });
    expect(await steps(page)).toEqual(expect.arrayContaining(['replayed', 'completed']));
    await page.keyboard.press('Escape');
    await row.getByText('completed').waitFor();
    expect(complaints).toEqual([]);
  });

  it('offers no replay of an order that cannot be retried', async () => {
    const { page } = await open();
    const { outboxAt: _at, outboxShard: _shard, ...item } = order();
    const failure = { code: 'OUT_OF_STOCK', message: 'None left.', retriable: false };
    await put(operator, { ...item, status: 'FAILED', version: 3, effects: 1, failure });
    await page.getByTitle(item.orderId).first().click();
    await page.getByRole('dialog').getByText('OUT_OF_STOCK').waitFor();
    expect(await page.getByRole('button', { name: 'Replay' }).count()).toBe(0);
  });

  it('shows texts from the API as text, never as markup', async () => {
    const { page, complaints } = await open();
    const { orderId } = await api.createOrder(orderFor('book-1', '<img src=x onerror=alert(1)>'));
    await page.getByTitle(orderId).first().click();
    await page.getByRole('dialog').getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('reports that the API is unavailable, and reconnects when it recovers', async () => {
    const { page } = await open();
    const { row } = await place(page, 'coffee-beans');
    await row.getByText('completed').waitFor();
    await system.kill('api-gateway');
    await page.getByText('Not connected').waitFor();
    await page.getByRole('status').getByText('The API cannot be reached.').waitFor();
    await page.getByRole('button', { name: 'Place order' }).click();
    await page.getByText('You can press again without ordering twice').waitFor();

    await system.start('api-gateway');
    await page.locator('#connection[data-state=live]').waitFor();
    expect(await page.locator('#problem').textContent()).toBe('');
    await row.getByText('completed').waitFor();
    await (await place(page, 'coffee-beans')).row.getByText('completed').waitFor();
  });

  it('reports an AWS outage while it lasts, and shows the last known state', async () => {
    const { page, complaints } = await open();
    const { row } = await place(page, 'coffee-beans');
    await row.getByText('completed').waitFor();
    network.inject({ kind: 'refuse' }, 'DynamoDB', 'SQS', 'EventBridge');
    await page.locator('#problem:not(:empty)').waitFor();
    expect(await page.locator('#connection').textContent()).toBe('Live');
    expect(await row.count()).toBe(1);
    network.heal();
    await page.locator('#problem:empty').waitFor({ state: 'attached' });
    await (await place(page, 'coffee-beans')).row.getByText('completed').waitFor();
    // At most the dead letters that could not be read.
    expect(complaints.filter((complaint) => !complaint.includes('503'))).toEqual([]);
  });

  it('shows queues, workers and the last seconds', async () => {
    const { page } = await open();
    await page.locator('#queues').getByText('local-order-queue', { exact: true }).waitFor();
    await page.locator('#queues').getByText('local-order-queue-dlq', { exact: true }).waitFor();
    const workers = page.locator('#workers [data-status=ready]');
    await workers.nth(1).waitFor();
    expect((await workers.locator('.name').allTextContents()).sort()).toEqual(['notification-worker', 'order-worker']);
    expect(await page.locator('#throughput canvas').count()).toBe(1);
    await page.locator('#latency .value').getByText(/ms|s$/).first().waitFor();
  });

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
