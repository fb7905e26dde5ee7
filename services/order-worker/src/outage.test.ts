import { describe, expect, it } from '@jest/globals';
import {
  accessDenied,
  connectionRefused,
  internalServerError,
  kmsAccessDenied,
  throttled,
  timedOut,
} from '@orderflow/testing/aws/aws-errors';
import { isDenied } from '@orderflow/platform/aws/error-kind';
import { queueDoesNotExist } from '@orderflow/testing/aws/sqs-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder } from '@orderflow/testing/order-worker/orders';
import { createOrderSystem, startOrderWorker, type OrderSystem } from '@orderflow/testing/order-worker/start-worker';

const PAUSED = 'paused: a dependency is unavailable';
const REFUSED = 'paused: AWS refuses this process (permissions, credentials or keys)';
const MISSING = 'paused: topology missing, deploy it (the ready.d hook does when LocalStack restarts)';

const OTHER_LINES = [
  ...['processed', 'retry', 'duplicate', 'dead-lettered', 'check failed'],
  ...['a permission is missing', 'AWS allows it again'],
];

/** Log lines about the worker's state, without those of messages, of readiness and of permissions. */
const stateLines = ({ log }: OrderSystem) => {
  return log.messages().filter((message) => !OTHER_LINES.includes(message));
};

describe('while a dependency is unavailable', () => {
  const all = ['dynamo', 'sqs', 'eventBridge'] as const;
  const cases = all.flatMap((client) =>
    [connectionRefused, timedOut, throttled, internalServerError, accessDenied, kmsAccessDenied].map(
      (fault) => [client, fault.name, fault] as const,
    ),
  );

  it.each(cases)(
    '%s (%s): polling pauses, nothing is dead-lettered, and work continues afterwards',
    async (client, _, fault) => {
      const system = createOrderSystem({ MAX_RECEIVES: '1' });
      const orders = Array.from({ length: 15 }, () => anOrder(system));
      system.worker.start();
      await system.log.next('polling');
      const words = isDenied(fault()) ? REFUSED : PAUSED;
      const paused = system.log.next(words);
      system.aws[client].failAlways('*', fault);
      for (const { message } of orders) system.send(message);
      await paused;
      system.aws[client].heal();
      await system.log.next('resumed');
      await system.untilEmpty();
      expect(stateLines(system)).toEqual(['polling', words, 'resumed']);
      expect(system.deadLetters()).toEqual([]);
      for (const { orderId } of orders)
        expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
    },
  );

  it('receives nothing', async () => {
    const system = startOrderWorker();
    await system.log.next('polling');
    system.aws.dynamo.failAlways('*', connectionRefused);
    const paused = system.log.next(PAUSED);
    system.send(anOrder(system).message);
    await paused;
    // After two probes, every poller waits at the breaker: a poll takes 15 ms at most.
    const probesBefore = system.aws.dynamo.callsOf('Get').length;
    await eventually(() => system.aws.dynamo.callsOf('Get').length > probesBefore);
    const receives = system.aws.sqs.callsOf('ReceiveMessage').length;
    await eventually(() => system.aws.dynamo.callsOf('Get').length > probesBefore + 1);
    expect(system.aws.sqs.callsOf('ReceiveMessage')).toHaveLength(receives);
    expect(system.worker.isLive()).toBe(true);
    system.pass(3_600);
    expect(system.worker.isLive()).toBe(true);
    expect(await system.worker.readiness()).toMatchObject({ ok: false });
  });

  it('uses up no attempts, even if only the handlers notice the outage', async () => {
    const system = startOrderWorker({ MAX_RECEIVES: '2' });
    await system.log.next('polling');
    system.aws.eventBridge.failNext('PutEvents', throttled, 4);
    const { orderId, message } = anOrder(system);
    system.send(message);
    const outcomes: string[] = [];
    while (!outcomes.includes('duplicate')) {
      outcomes.push(await system.outcomes.next());
      system.pass(60);
    }
    expect(outcomes).toEqual(['retry', 'retry', 'retry', 'retry', 'duplicate']);
    expect(system.deadLetters()).toEqual([]);
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED', effects: 1 });
    const events = system.published();
    expect(new Set(events.map(({ detail }) => detail.metadata.eventId)).size).toBe(1);
  }, 20_000);
});

describe('without its topology', () => {
  it('a worker logs it at start, and begins once it exists', async () => {
    const system = createOrderSystem();
    const { orderId, message } = anOrder(system);
    system.send(message);
    system.aws.sqs.failAlways('*', queueDoesNotExist);
    system.worker.start();
    const { level } = await system.log.next(MISSING);
    expect(level).toBe('warn');
    expect(await system.worker.readiness()).toMatchObject({ ok: false });
    expect(system.worker.isLive()).toBe(true);
    system.aws.sqs.heal();
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.order(orderId)).toMatchObject({ status: 'COMPLETED' });
    expect(stateLines(system)).toEqual([MISSING, 'resumed', 'polling']);
  });

  it('a worker does not begin while the bus is missing', async () => {
    const system = createOrderSystem();
    const { message } = anOrder(system);
    system.send(message);
    const missing = Object.assign(new Error('Event bus does not exist.'), { name: 'ResourceNotFoundException' });
    system.aws.eventBridge.failAlways('DescribeEventBus', missing);
    system.worker.start();
    await system.log.next(MISSING);
    expect(system.aws.sqs.callsOf('ReceiveMessage')).toEqual([]);
    system.aws.eventBridge.heal();
    expect(await system.outcomes.next()).toBe('processed');
  });

  it('a worker logs that it has disappeared, and continues when it is back', async () => {
    const system = startOrderWorker();
    await system.log.next('polling');
    system.aws.sqs.failAlways('*', queueDoesNotExist);
    await system.log.next(MISSING);
    system.aws.sqs.heal();
    await system.log.next('resumed');
    const { message } = anOrder(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(stateLines(system)).toEqual(['polling', MISSING, 'resumed']);
  });
});
