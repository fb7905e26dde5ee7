/** Dead letters and replays on the live page. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { accessibilityProblems } from '../support/browser.js';
import { steps, useLivePages } from '../support/live-pages.js';
import { bodyOf, order, put } from '../support/orders.js';

describe('dead letters on the live page', () => {
  const live = useLivePages();
  const { open, place } = live;

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
    const QueueUrl = await live.operator.urlOf(live.operator.names.orderQueue);
    await live.operator.aws.sqs.send(
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

  it('replays an order that was given up without a dead letter', async () => {
    const { page, complaints } = await open();
    const { outboxAt: _at, outboxShard: _shard, ...item } = order();
    const failure = { code: 'UNDELIVERED', message: 'No worker finished it.', retriable: true };
    await put(live.operator, { ...item, status: 'FAILED', version: 3, effects: 1, failure });
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
    await put(live.operator, { ...item, status: 'FAILED', version: 3, effects: 1, failure });
    await page.getByTitle(item.orderId).first().click();
    await page.getByRole('dialog').getByText('OUT_OF_STOCK').waitFor();
    expect(await page.getByRole('button', { name: 'Replay' }).count()).toBe(0);
  });
});
