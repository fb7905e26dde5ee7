import { describe, expect, it } from '@jest/globals';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { aCompletedOrder, aSentNotification } from '@orderflow/testing/orderctl/notified-orders';
import { aFailedOrder, bodyOf } from '@orderflow/testing/orderctl/orders';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { startErasing, textOf } from '@orderflow/testing/orderctl/start-erasing';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('ops erase', () => {
  it('takes personal data out of a finished order, keeps accounting data, and deletes its notifications', async () => {
    const completed = aCompletedOrder({
      ...{ correlationId: 'alice-cart-7', traceparent: TRACEPARENT, outcomeTraceparent: TRACEPARENT },
      ...{ requestHash: 'f00d', insertToken: 'token' },
    });
    const { run, order, notifications, terminal } = startErasing([completed], [aSentNotification(completed)]);
    expect(await run()).toBe(0);

    const { contentHash: _hash, insertToken: _token, traceparent: _t, outcomeTraceparent: _o, ...kept } = completed;
    const erased = order(completed.orderId);
    expect(erased).toEqual({
      ...kept,
      ...{ version: 4, erasedOn: '2027-03-14', correlationId: 'erased', requestHash: '' },
      customerId: expect.stringMatching(/^erased-[0-9a-f-]{36}$/) as unknown,
      items: [{ productId: 'sku-1', productName: 'sku-1', quantity: 1, unitPrice: 12.5 }],
    });
    expect(notifications()).toEqual([]);
    expect(textOf(erased)).not.toMatch(/customer-1|Kettle|alice|0af76519/);
    expect(terminal.written()).toMatch(/^erased +\S+ +was COMPLETED, with 1 notification\n$/);
    expect(terminal.said()).toBe('1 erased, 0 left\n');
  });

  it('keeps why an order failed, but not in which words, and never starts it again', async () => {
    const failed = aFailedOrder();
    const { run, order } = startErasing([failed]);
    expect(await run()).toBe(0);
    const failure = { code: 'UNDELIVERED', message: 'Its personal data was erased.', retriable: false };
    expect(order(failed.orderId)).toMatchObject({ status: 'FAILED', failure });
  });

  it('gives each order another pseudonym, and touches nobody else', async () => {
    const [one, other, foreign] = [aCompletedOrder(), aCompletedOrder(), aCompletedOrder({ customerId: 'customer-2' })];
    const { run, order, notifications } = startErasing([one, other, foreign], [aSentNotification(foreign)]);
    expect(await run()).toBe(0);
    expect(order(one.orderId)?.customerId).not.toBe(order(other.orderId)?.customerId);
    expect(order(foreign.orderId)).toEqual(foreign);
    expect(notifications()).toHaveLength(1);
  });

  it('does more than one page of orders and of notifications', async () => {
    const orders = Array.from({ length: 105 }, () => aCompletedOrder());
    const [first] = orders as [OrderRecord];
    const requested = Array.from({ length: 103 }, (_, index) =>
      aSentNotification(first, { notificationId: `n${index}`, createdAtId: `2027#${index}` }),
    );
    const { run, notifications, terminal } = startErasing(orders, requested);
    expect(await run()).toBe(0);
    expect(notifications()).toEqual([]);
    expect(terminal.said()).toBe('105 erased, 0 left\n');
  });

  it('exits with 0 if no order has the customer id, and on the second run', async () => {
    const { run, terminal } = startErasing([aCompletedOrder()]);
    expect([await run(), await run()]).toEqual([0, 0]);
    expect(terminal.said()).toContain('No order in stage test has this customer id, so there is nothing to erase.');
  });

  it('only looks on a dry run', async () => {
    const completed = aCompletedOrder();
    const { run, order, notifications, terminal } = startErasing([completed], [aSentNotification(completed)]);
    expect(await run({ dryRun: true })).toBe(0);
    expect(order(completed.orderId)).toEqual(completed);
    expect(notifications()).toHaveLength(1);
    expect(terminal.written()).toMatch(/^would-erase +\S+ +was COMPLETED, with 1 notification\n$/);
    expect(terminal.said()).toBe('1 would be erased, 0 left\n');
  });

  it.each([
    ['y', 'erased', 0],
    ['', 'customer-1', 0],
  ])('asks, and after %p leaves the order as %s', async (answer, owner, code) => {
    const completed = aCompletedOrder();
    const { run, order, terminal } = startErasing([completed], [aSentNotification(completed)]);
    const questions: string[] = [];
    const ask = (question: string) => Promise.resolve((questions.push(question), answer));
    Object.assign(terminal, { interactive: true, ask });
    expect(await run({})).toBe(code);
    expect(questions).toEqual(['Erase the personal data of 1 order and 1 notification for good? [y/N] ']);
    expect(order(completed.orderId)?.customerId).toMatch(new RegExp(`^${owner}`));
  });

  it('erases nothing without a question if it could not look at every order', async () => {
    const completed = aCompletedOrder();
    const { run, aws, order, terminal } = startErasing([completed]);
    Object.assign(terminal, { interactive: true });
    aws.dynamo.failNext('Get', connectionRefused());
    await expect(run({})).rejects.toThrow('Not every order could be looked at, so nothing was erased. Run it again.');
    expect(terminal.written()).toMatch(/^failed +\S+ +connect ECONNREFUSED/);
    expect(order(completed.orderId)).toEqual(completed);
  });

  it('erases nothing without a question if an order ends after the look', async () => {
    const pending = aStoredOrder();
    const completed = aCompletedOrder({ orderId: pending.orderId });
    const { run, aws, put, order, terminal } = startErasing([pending]);
    Object.assign(terminal, { interactive: true });
    const send = aws.dynamo.send.bind(aws.dynamo) as (command: object) => Promise<unknown>;
    let reads = 0;
    const ending = (command: object) => {
      if (command instanceof GetCommand && ++reads === 2) put(completed);
      return send(command);
    };
    Object.assign(aws.dynamo, { send: ending });
    expect(await run({})).toBe(1);
    expect(order(completed.orderId)).toEqual(completed);
    expect(terminal.said()).toBe('1 would be erased, 0 left\n1 were not tried; run it again.\n');
  });

  it('refuses to erase without a question and without --yes', async () => {
    const completed = aCompletedOrder();
    const { run, order } = startErasing([completed]);
    await expect(run({})).rejects.toThrow('There is no terminal to ask: use --yes');
    expect(order(completed.orderId)).toEqual(completed);
  });

  const done = aCompletedOrder();
  it.each([
    ['in progress', aStoredOrder(), undefined, 'it is PENDING; erase again when it has ended'],
    ['unconfirmed', aCompletedOrder({ outboxAt: 1, outboxShard: 1 }), undefined, 'is not confirmed yet'],
    ['malformed', aCompletedOrder({ items: 'x' as never }), undefined, 'its row cannot be read; repair it'],
    [
      'finished, but not its notification',
      done,
      { status: 'SENDING', outboxAt: 1, outboxShard: 1 } as const,
      'is SENDING',
    ],
  ])('leaves an order that is %s, and says what to do', async (_what, order, notification, why) => {
    const { run, terminal, ...system } = startErasing(
      [order],
      notification ? [aSentNotification(order, notification)] : [],
    );
    expect(await run({ yes: true, json: true })).toBe(1);
    expect(system.order(order.orderId)).toEqual(order);
    expect(JSON.parse(terminal.written())).toMatchObject({ result: 'left', id: order.orderId });
    expect(terminal.written()).toContain(why);
  });

  it('leaves an order with a dead letter, and lists other letters with the customer id', async () => {
    const failed = aFailedOrder();
    const { run, order, deadLetter, queue, terminal } = startErasing([failed]);
    deadLetter(bodyOf(failed), { code: 'RETRIES_EXHAUSTED', originalMessageId: 'm1' });
    deadLetter('{"customerId": "customer-1", not JSON', { code: 'NOT_JSON', originalMessageId: 'm2' });
    deadLetter(bodyOf(aFailedOrder({ customerId: 'customer-2' })), { code: 'X', originalMessageId: 'm3' });
    expect(await run()).toBe(1);
    expect(order(failed.orderId)).toEqual(failed);
    expect(terminal.written()).toContain(`a dead letter has its data: npm run dlq -- replay --order ${failed.orderId}`);
    expect(terminal.written()).toMatch(/left +m2 +a dead letter with the customer id.*npm run dlq -- drop --id m2/);
    expect(terminal.written()).not.toContain('m3');
    expect(queue('orderDeadLetterQueue')).toHaveLength(3);
  });
});
