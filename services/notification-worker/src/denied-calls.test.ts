import { describe, expect, it } from '@jest/globals';
import { accessDenied } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { aStoredOutcome } from '@orderflow/testing/notification-worker/messages';
import {
  NAMES,
  startNotificationWorker,
  type NotificationSystem,
} from '@orderflow/testing/notification-worker/start-worker';

const POLICY = 'test-notification-worker-us-east-1';
const MISSING = 'a permission is missing';

type Client = keyof NotificationSystem['aws'];
type Case = [action: string, resource: string, client: Client, operation: string];

const CASES: Case[] = [
  ['sqs:GetQueueUrl', NAMES.notificationQueue, 'sqs', 'GetQueueUrl'],
  ['sqs:GetQueueAttributes', NAMES.notificationQueue, 'sqs', 'GetQueueAttributes'],
  ['sqs:ReceiveMessage', NAMES.notificationQueue, 'sqs', 'ReceiveMessage'],
  ['sqs:DeleteMessage', NAMES.notificationQueue, 'sqs', 'DeleteMessageBatch'],
  ['dynamodb:GetItem', NAMES.notificationsTable, 'dynamo', 'Get'],
  ['dynamodb:PartiQLInsert', NAMES.notificationsTable, 'dynamo', 'BatchExecuteStatement'],
  ['events:PutEvents', NAMES.bus, 'eventBridge', 'PutEvents'],
];

describe('a worker that may not', () => {
  it.each(CASES)(
    'call %s on %s names it, waits, and sends the notification once it may',
    async (action, resource, name, operation) => {
      const system = startNotificationWorker({ MAX_RECEIVES: '1' });
      const client = system.aws[name];
      client.failAlways(operation as never, accessDenied);
      const missing = system.log.next(MISSING);
      const { id, message } = aStoredOutcome(system, 'COMPLETED');
      system.send(message);
      const { level, fields } = await missing;
      expect({ level, ...fields }).toMatchObject({ level: 'error', action, resource, policy: POLICY });
      const { checks } = await system.worker.readiness();
      const reasons = Object.values(checks).map((check) => (check.status === 'down' ? check.reason : ''));
      expect(reasons).toContain(`not allowed: ${action} on ${resource} (policy ${POLICY})`);
      expect(system.worker.isLive()).toBe(true);

      client.heal();
      await eventually(() => system.outcomes.all.length > 0 && system.queued().length === 0);
      expect(system.notification(id)).toMatchObject({ status: 'SENT' });
      expect(system.sent).toHaveLength(1);
      expect(system.deadLetters()).toEqual([]);
    },
  );
});
