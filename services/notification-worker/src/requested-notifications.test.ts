import { describe, expect, it } from '@jest/globals';
import { contentHashOf } from '@orderflow/contracts';
import { eventIdFor, newId } from '@orderflow/domain/ids';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import { PermanentError } from '@orderflow/platform/runtime/errors';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { startNotificationWorker } from '@orderflow/testing/notification-worker/start-worker';
import { aNotification, messageOf } from '@orderflow/testing/notification-worker/messages';

describe('a notification that a client requested', () => {
  it('is sent, and its event is published', async () => {
    const system = startNotificationWorker();
    const { id, record, message } = aNotification(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.sent).toMatchObject([
      { idempotencyKey: id, orderId: record.orderId, channel: 'SMS', message: 'Your parcel is on its way.' },
    ]);
    const sentAt = new Date(system.now()).toISOString();
    expect(system.notification(id)).toMatchObject({ status: 'SENT', sentAt, version: 3, effects: 1 });
    expect(system.notification(id)).not.toHaveProperty('outboxAt');
    expect(system.published()).toEqual([
      {
        source: 'orderflow.notification-worker',
        type: 'NotificationSent',
        detail: {
          metadata: {
            eventId: eventIdFor(id, 'NotificationSent', 3),
            version: 1,
            occurredAt: sentAt,
            correlationId: 'correlation-1',
            causationId: message.detail.metadata.eventId,
            contentHash: contentHashOf({ notificationId: id, orderId: record.orderId, channel: 'SMS', sentAt }),
          },
          data: { notificationId: id, orderId: record.orderId, channel: 'SMS', sentAt },
        },
      },
    ]);
  });

  it('has one log line, without its text', async () => {
    const system = startNotificationWorker();
    const { id, record, message } = aNotification(system);
    system.send(message);
    const { fields } = await system.log.next('processed');
    expect(fields).toMatchObject({ notificationId: id, orderId: record.orderId, type: 'NotificationRequested' });
    expect(JSON.stringify(system.log.lines)).not.toContain('parcel');
  });

  it('is sent once, however often its message is delivered', async () => {
    const system = startNotificationWorker();
    const { message } = aNotification(system);
    for (let copy = 0; copy < 3; copy++) system.send(message);
    expect((await system.outcomes.take(3)).sort()).toEqual(['duplicate', 'duplicate', 'processed']);
    expect(system.sent).toHaveLength(1);
  });

  it('is retried, dead-lettered and FAILED at the limit, and can be replayed', async () => {
    const system = startNotificationWorker({ MAX_RECEIVES: '2' });
    system.plan.send = () => Promise.reject(new Error('the provider did not answer'));
    const { id, message } = aNotification(system);
    const messageId = system.send(message);
    for (const expected of ['retry', 'retry', 'dead-lettered']) {
      expect(await system.outcomes.next()).toBe(expected);
      if (expected === 'retry') system.pass(60);
    }
    expect(system.deadLetters()).toMatchObject([{ code: 'RECEIVES_EXHAUSTED', originalMessageId: messageId }]);
    expect(system.notification(id)).toMatchObject({
      status: 'FAILED',
      failure: {
        code: 'RETRIES_EXHAUSTED',
        message: expect.stringContaining('2 attempts') as unknown,
        retriable: true,
      },
    });
    // There is no event for a notification that was not sent.
    expect(system.published()).toEqual([]);

    system.plan.send = async () => undefined;
    system.send(message, { replayId: 'replay-1' });
    expect(await system.outcomes.next()).toBe('processed');
    expect(system.notification(id)).toMatchObject({ status: 'SENT', effects: 1 });
  });

  it.each([
    ['a refused connection', connectionRefused()],
    ['a permanent error', new PermanentError('INVALID_EVENT', 'no such number')],
    ['nothing', undefined as unknown as Error],
  ])('is retried when the provider throws %s, without a pause in polling', async (_, error) => {
    const system = startNotificationWorker({ MAX_RECEIVES: '1' });
    system.plan.send = () => Promise.reject(error);
    const { id, message } = aNotification(system);
    system.send(message);
    expect(await system.outcomes.next()).toBe('retry');
    system.pass(60);
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.notification(id)).toMatchObject({ status: 'FAILED', failure: { code: 'RETRIES_EXHAUSTED' } });
    expect(system.log.messages()).not.toContain('paused: a dependency is unavailable');
  });

  it('that is not stored is dead-lettered', async () => {
    const system = startNotificationWorker();
    const { record } = aNotification(system);
    system.send(messageOf(notificationRequested({ ...record, notificationId: newId() })));
    expect(await system.outcomes.next()).toBe('dead-lettered');
    expect(system.deadLetters()).toMatchObject([{ code: 'UNKNOWN_ITEM', path: 'detail.data.notificationId' }]);
  });
});
