import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { startNotificationWorker } from '@orderflow/testing/notification-worker/start-worker';
import { aNotification, aStoredOutcome } from '@orderflow/testing/notification-worker/messages';

describe('the worker', () => {
  it('handles the rest of a batch with a bad message', async () => {
    const system = startNotificationWorker();
    const [one, two] = [aNotification(system), aNotification(system)];
    system.send(one.message);
    system.send('not JSON');
    system.send(two.message);
    await system.outcomes.take(3);
    for (const { id } of [one, two]) expect(system.notification(id)).toMatchObject({ status: 'SENT' });
    expect(system.deadLetters()).toMatchObject([{ code: 'NOT_JSON' }]);
  });

  it('pauses while the table is unavailable, and loses nothing', async () => {
    const system = startNotificationWorker({ MAX_RECEIVES: '1' });
    await system.log.next('polling');
    const paused = system.log.next('paused: a dependency is unavailable');
    system.aws.dynamo.failAlways('*', connectionRefused);
    system.send(aStoredOutcome(system, 'COMPLETED').message);
    system.send(aNotification(system).message);
    await paused;
    system.aws.dynamo.heal();
    await system.untilEmpty();
    expect(system.deadLetters()).toEqual([]);
    expect(system.notifications().map((item) => item.status)).toEqual(['SENT', 'SENT']);
    expect(system.sent).toHaveLength(2);
  });

  it('finishes what is in flight when it is stopped', async () => {
    const system = startNotificationWorker();
    let finish: () => void = () => undefined;
    system.plan.send = () => new Promise((resolve) => (finish = resolve));
    const { id, message } = aNotification(system);
    system.send(message);
    await eventually(() => system.sent.length === 1);
    const stopping = system.worker.stop();
    finish();
    await stopping;
    expect(system.notification(id)).toMatchObject({ status: 'SENT' });
    expect(system.queued()).toEqual([]);
  });
});
