import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { accessDenied, connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { gate } from '@orderflow/testing/fake-pollers';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { createOrderSystem, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';

const MISSING = 'a permission is missing';

function healAll({ aws }: OrderSystem): void {
  for (const client of [aws.dynamo, aws.sqs, aws.eventBridge]) client.heal();
}

describe('a permission that is missing for days', () => {
  it.each<[string, (system: OrderSystem) => void]>([
    [
      'PutEvents',
      ({ aws }) => {
        aws.eventBridge.failAlways('PutEvents', accessDenied);
      },
    ],
    [
      'BatchExecuteStatement',
      ({ aws }) => {
        aws.dynamo.failAlways('BatchExecuteStatement', accessDenied);
      },
    ],
    [
      'DeleteMessageBatch',
      ({ aws }) => {
        aws.sqs.failAlways('DeleteMessageBatch', accessDenied);
      },
    ],
  ])('costs a message one receive, and the worker stays alive: %s', async (operation, deny) => {
    // A second poller would have a receive call in flight while the hours pass.
    const system = createOrderSystem({ MAX_RECEIVES: '1', WORKER_POLLERS: '1' });
    const { orderId, message } = anOrder(system);
    deny(system);
    const missing = system.log.next(MISSING);
    system.worker.start();
    system.send(message);
    await missing;
    const calls = () => {
      const all = [...system.aws.dynamo.calls, ...system.aws.sqs.calls, ...system.aws.eventBridge.calls];
      return all.filter((call) => call.operation === operation).length;
    };
    // The message is visible again after each of these hours.
    for (let tries = 2; tries <= 3; tries++) {
      system.pass(3_600);
      await eventually(() => calls() >= tries);
      expect(system.worker.isLive()).toBe(true);
    }
    expect(system.queued()).toMatchObject([{ receiveCount: 1 }]);
    expect(system.deadLetters()).toEqual([]);
    healAll(system);
    await eventually(() => system.queued().length === 0);
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
    expect(system.deadLetters()).toEqual([]);
  });

  it('is followed by an outage, and the worker stays alive while it gives the message back', async () => {
    const system = createOrderSystem({ WORKER_POLLERS: '1' });
    system.aws.eventBridge.failAlways('PutEvents', accessDenied);
    const missing = system.log.next(MISSING);
    system.worker.start();
    system.send(anOrder(system).message);
    await missing;
    system.pass(3_600);
    let isGivingBack = false;
    const send = system.clients.sqs.send.bind(system.clients.sqs) as (command: object) => Promise<unknown>;
    const answer = gate();
    system.clients.sqs.send = (async (command: object) => {
      isGivingBack ||= command instanceof ChangeMessageVisibilityCommand;
      if (command instanceof ChangeMessageVisibilityCommand) await answer.opened;
      return send(command);
    }) as never;
    system.aws.eventBridge.failAlways('PutEvents', connectionRefused);
    await eventually(() => isGivingBack);
    const isLive = system.worker.isLive();
    answer.open();
    expect(isLive).toBe(true);
    expect(await system.outcomes.next()).toBe('retry');
  });

  it('does not keep a worker from stopping', async () => {
    const system = createOrderSystem();
    system.aws.eventBridge.failAlways('PutEvents', accessDenied);
    const missing = system.log.next(MISSING);
    system.worker.start();
    system.send(anOrder(system).message);
    await missing;
    await system.worker.stop();
    expect(system.outcomes.all.map(({ outcome }) => outcome)).toEqual(['retry']);
  });
});
