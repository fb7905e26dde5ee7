import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { CUSTOMER, startErasing, textOf } from '@orderflow/testing/orderctl/start-erasing';
import { aCompletedOrder, aSentNotification } from '@orderflow/testing/orderctl/notified-orders';
import { aFailedOrder } from '@orderflow/testing/orderctl/orders';

describe('ops erase, when something happens meanwhile', () => {
  it('is continued by the next run, wherever it was ended', async () => {
    // Statements: erase the order, delete its notification, end the erasure.
    for (const survived of [0, 1, 2]) {
      const completed = aCompletedOrder();
      const { run, aws, order, notifications, terminal } = startErasing([completed], [aSentNotification(completed)]);
      const send = aws.dynamo.send.bind(aws.dynamo) as (command: object) => Promise<unknown>;
      let writes = 0;
      const dying = (command: object) => {
        const isWrite = 'Statements' in (command as { input: object }).input;
        return isWrite && writes++ >= survived ? Promise.reject(connectionRefused()) : send(command);
      };
      Object.assign(aws.dynamo, { send: dying });
      expect(await run()).toBe(1);
      expect(terminal.said()).toContain('1 failed');
      expect(order(completed.orderId)).toMatchObject({ customerId: CUSTOMER, version: survived === 0 ? 3 : 4 });

      Object.assign(aws.dynamo, { send });
      expect(await run()).toBe(0);
      expect(textOf(order(completed.orderId), notifications())).not.toMatch(/customer-1|Kettle/);
      expect(order(completed.orderId)).toMatchObject({ version: 4 });
      expect(notifications()).toEqual([]);
    }
  });

  it('lets a replay win that starts between the look and the statement', async () => {
    const failed = aFailedOrder();
    const { run, aws, put, order, terminal } = startErasing([failed]);
    const restarted = { ...failed, status: 'PENDING', version: 8, outboxAt: 1, outboxShard: 1 } as const;
    const send = aws.dynamo.send.bind(aws.dynamo) as (command: object) => Promise<unknown>;
    const racing = (command: object) => {
      if ('Statements' in (command as { input: object }).input) put(restarted);
      return send(command);
    };
    Object.assign(aws.dynamo, { send: racing });
    expect(await run()).toBe(1);
    expect(order(failed.orderId)).toEqual(restarted);
    expect(terminal.written()).toContain('it has changed meanwhile; erase again');
  });

  it.each([0, 1])('finds a notification that was requested at the last moment, besides %d others', async (others) => {
    const completed = aCompletedOrder();
    const sent = aSentNotification(completed);
    const { run, aws, system, notifications } = startErasing([completed], others === 0 ? [] : [sent]);
    const late = { ...sent, notificationId: 'late', createdAtId: `${sent.createdAt}#late` };
    const send = aws.dynamo.send.bind(aws.dynamo) as (command: object) => Promise<unknown>;
    let isFirst = true;
    const racing = (command: object) => {
      const isWrite = 'Statements' in (command as { input: object }).input;
      if (isWrite && isFirst) aws.dynamo.seed(system.names.notificationsTable, late);
      isFirst &&= !isWrite;
      return send(command);
    };
    Object.assign(aws.dynamo, { send: racing });
    expect(await run()).toBe(0);
    expect(notifications()).toEqual([]);
  });

  it('stops in an outage, and says how many orders it did not try', async () => {
    const { run, aws, terminal } = startErasing(Array.from({ length: 25 }, () => aCompletedOrder()));
    aws.dynamo.failAlways('BatchExecuteStatement', connectionRefused);
    expect(await run()).toBe(1);
    expect(terminal.said()).toBe('0 erased, 0 left, 10 failed\n15 were not tried; run it again.\n');
  });
});
