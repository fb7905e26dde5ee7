/** What operators do with orderctl and the doctor. */
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { newId } from '@orderflow/domain/ids';
import { notificationRequested } from '@orderflow/domain/notifications/notification-events';
import { newNotificationRecord, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { withoutMarker } from '@orderflow/testing/stored-orders';
import { exhausted, letter, send } from '../dead-letters.js';
import { bodyOf, order, put } from '../orders.js';
import { DOCTOR_FLOWS } from './doctor-flows.js';
import type { GatedStage } from './gated-system.js';
import type { Flow } from './service-flows.js';

type OperatorFlow = Flow<GatedStage>;
type DeadLetterQueue = 'orderDeadLetterQueue' | 'notificationDeadLetterQueue' | 'undeliveredQueue';

/** Runs a command once; it must end with this code and this text. */
const command = async ({ orderctl }: GatedStage, args: string[], expected: { exitCode: number; says?: RegExp }) => {
  const { exitCode, out, said } = await orderctl(...args);
  if (exitCode === expected.exitCode && (expected.says ?? /^/).test(out + said)) return () => Promise.resolve(true);
  throw new Error(`orderctl ${args.join(' ')} exited with ${exitCode}: ${out}${said}`);
};

function aNotification(orderId: string): NotificationRecord {
  const now = Date.now();
  const request = { orderId, channel: 'SMS', message: 'On its way' } as const;
  const times = { now, outboxAt: now + 60_000 };
  return newNotificationRecord({ notificationId: newId(), request, requestHash: '', correlationId: newId(), ...times });
}

async function putNotification({ direct }: GatedStage, item: NotificationRecord): Promise<void> {
  await direct.aws.dynamo.send(new PutCommand({ TableName: direct.names.notificationsTable, Item: item }));
}

const FAILED = { status: 'FAILED', version: 3 } as const;
const failure = { code: 'RETRIES_EXHAUSTED', message: 'Not sent.', retriable: true };

async function putFailedNotification(stage: GatedStage): Promise<NotificationRecord> {
  const item = withoutMarker({ ...aNotification(newId()), ...FAILED, failure });
  await putNotification(stage, item);
  return item;
}

const bodyOfNotification = (item: NotificationRecord): string => {
  const { source, type, detail } = notificationRequested(item);
  return JSON.stringify({ source, 'detail-type': type, detail });
};

/** An order with a notification is shown. */
const shows: OperatorFlow = async (stage) => {
  const item = order();
  await put(stage.direct, item);
  await putNotification(stage, aNotification(item.orderId));
  return command(stage, ['order', item.orderId], { exitCode: 0, says: /notification/ });
};

const tails: OperatorFlow = async (stage) => {
  await put(stage.direct, order());
  return command(stage, ['tail', '--count', '1', '--for', '8', '--json'], { exitCode: 0, says: /orderId/ });
};

const restartsOrder: OperatorFlow = async (stage) => {
  const item = exhausted();
  await put(stage.direct, item);
  return command(stage, ['order', 'replay', item.orderId], { exitCode: 0, says: /its event is published/ });
};

const restartsNotification: OperatorFlow = async (stage) => {
  const { notificationId } = await putFailedNotification(stage);
  const args = ['notification', 'replay', notificationId];
  return command(stage, args, { exitCode: 0, says: /its event is published/ });
};

const lettersIn = (queue: DeadLetterQueue, name: string): Record<string, OperatorFlow> => ({
  [`dlq list --queue ${name}`]: async (stage) => {
    await send(stage.direct, stage.direct.names[queue], letter('not JSON', 'NOT_JSON'));
    return command(stage, ['dlq', 'list', '--queue', name], { exitCode: 0, says: /[1-9]\d* dead letter/ });
  },
  [`dlq drop --queue ${name}`]: async (stage) => {
    await send(stage.direct, stage.direct.names[queue], letter('not JSON', 'NOT_JSON'));
    const args = ['dlq', 'drop', '--queue', name, '--yes'];
    return command(stage, args, { exitCode: 0, says: /[1-9]\d* dropped\n/ });
  },
});

const replaysLetters =
  (name: 'orders' | 'notifications'): OperatorFlow =>
  async (stage) => {
    const { names } = stage.direct;
    if (name === 'orders') {
      const item = exhausted();
      await put(stage.direct, item);
      await send(stage.direct, names.orderDeadLetterQueue, letter(bodyOf(item), 'RECEIVES_EXHAUSTED'));
    } else {
      const item = await putFailedNotification(stage);
      const exhaustedLetter = letter(bodyOfNotification(item), 'RECEIVES_EXHAUSTED');
      await send(stage.direct, names.notificationDeadLetterQueue, exhaustedLetter);
    }
    const args = ['dlq', 'replay', '--queue', name, '--reason', 'RECEIVES_EXHAUSTED'];
    return command(stage, args, { exitCode: 0, says: /[1-9]\d* replayed/ });
  };

/** Counts, rules, bus and outbox. Dead letters need attention, so it ends with 1. */
const status: OperatorFlow = async (stage) => {
  await send(stage.direct, stage.direct.names.orderDeadLetterQueue, letter('not JSON', 'NOT_JSON'));
  return command(stage, ['status'], { exitCode: 1, says: /dead letter/ });
};

const erases: OperatorFlow = async (stage) => {
  const item = withoutMarker(order({ customerId: newId(), status: 'COMPLETED', version: 3, effects: 1 }));
  await put(stage.direct, item);
  const sent = { ...aNotification(item.orderId), status: 'SENT', version: 3, sentAt: new Date().toISOString() };
  await putNotification(stage, withoutMarker(sent as NotificationRecord));
  return command(stage, ['erase', item.customerId, '--yes'], { exitCode: 0, says: /erased/ });
};

/** Also gives back the letters of all queues. */
const audits: OperatorFlow = async (stage) => {
  const { exitCode } = await stage.orderctl('audit', '--tolerance', '600');
  if (exitCode === undefined || exitCode > 1) throw new Error(`the audit exited with ${exitCode}`);
  return () => Promise.resolve(true);
};

export const OPERATOR_FLOWS: Readonly<Record<string, OperatorFlow>> = {
  status,
  'order ID': shows,
  tail: tails,
  'order replay ID': restartsOrder,
  'notification replay ID': restartsNotification,
  'dlq replay --queue orders': replaysLetters('orders'),
  'dlq replay --queue notifications': replaysLetters('notifications'),
  ...lettersIn('orderDeadLetterQueue', 'orders'),
  ...lettersIn('notificationDeadLetterQueue', 'notifications'),
  ...lettersIn('undeliveredQueue', 'undelivered'),
  erase: erases,
  audit: audits,
  ...DOCTOR_FLOWS,
};
