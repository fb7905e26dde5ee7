import { type Notification, type TimelineStep } from '@orderflow/contracts';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { toNotification, type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { toOrder, type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { readPartition } from '../read-partition.js';
import type { ConnectedSystem } from '../connect.js';
import { printFacts, printTable, type Terminal } from '../terminal.js';

async function notificationsOf({ aws, names }: ConnectedSystem, orderId: string): Promise<NotificationRecord[]> {
  const table = notificationsTable(names);
  const reader = createTableReader(aws.dynamo, table);
  const found: NotificationRecord[] = [];
  for await (const ids of readPartition(reader, table.key, table.indexes.byOrder, orderId)) {
    found.push(...((await reader.getMany(ids)) as NotificationRecord[]));
  }
  return found;
}

async function readOrder(system: ConnectedSystem, orderId: string) {
  const record = await createTableReader(system.aws.dynamo, ordersTable(system.names)).get(orderId);
  if (!record) return undefined;
  const notifications = await notificationsOf(system, orderId);
  const { outboxAt, outboxAttempts, erasedOn } = record as OrderRecord;
  return {
    order: toOrder(record as OrderRecord),
    erasedOn,
    notifications: notifications.map(toNotification),
    outbox: outboxAt === undefined ? null : { dueAt: new Date(outboxAt).toISOString(), attempts: outboxAttempts },
    steps: timelineOf(record as OrderRecord, notifications).steps,
  };
}

type Found = NonNullable<Awaited<ReturnType<typeof readOrder>>>;

const LABEL_WIDTH = 12;

function since(ms: number): string {
  return ms < 10_000 ? `+${ms} ms` : `+${(ms / 1_000).toFixed(1)} s`;
}

function detailsOf(step: TimelineStep): string {
  const { status, version, attempt, worker, messageId, delaySeconds, code, reason, eventId } = step;
  const told = (text: string, value: string | number | undefined) =>
    value === undefined ? undefined : text.replace('…', () => String(value));
  return [
    ...[status, told('version …', version), told('attempt …', attempt), told('on …', worker)],
    ...[told('again in … s', delaySeconds), code, reason],
    ...[told('event …', step.step === 'republished' ? eventId : undefined), told('message …', messageId)],
  ]
    .filter((detail) => detail !== undefined)
    .join(', ');
}

function subjectOf({ subject, notificationId }: TimelineStep, notifications: readonly Notification[]): string {
  if (subject === 'order') return subject;
  const channel = notifications.find((one) => one.notificationId === notificationId)?.channel;
  return channel === undefined ? subject : `${subject} (${channel})`;
}

const GOES_WRONG = ['retried', 'republished', 'cancelled', 'dead-lettered', 'undelivered', 'failed'];

function printOrder({ order: found, erasedOn, notifications, outbox, steps }: Found, terminal: Terminal): void {
  const { orderId, status, version, customerId, totalAmount, items, correlationId, failure } = found;
  const republished = steps.filter(({ step, subject }) => step === 'republished' && subject === 'order').length;
  const facts = {
    order: orderId,
    status: `${status}, version ${version}`,
    failure: failure && `${failure.code}: ${failure.message}${failure.retriable ? ' (retriable)' : ''}`,
    customer: customerId,
    erased: erasedOn && `its personal data, on ${erasedOn}`,
    total: `${totalAmount.toFixed(2)} for ${items.length} ${items.length === 1 ? 'item' : 'items'}`,
    correlation: correlationId,
    outbox: outbox ? `marker due at ${outbox.dueAt}, republished ${republished} times` : 'no marker: nothing is open',
  };
  printFacts(facts, LABEL_WIDTH, terminal);
  terminal.out('\n');
  const rows = steps.map((step) => [
    ...[step.at, since(step.sinceMs), step.step, subjectOf(step, notifications), detailsOf(step)],
  ]);
  const isWrong = (index: number) => GOES_WRONG.includes(steps[index]?.step ?? '');
  printTable(terminal, ['TIME', 'SINCE', 'STEP', 'SUBJECT', 'DETAILS'], rows, isWrong);
}

/** Shows one order and its history from the tables. Returns 0, or 1 if it does not exist. */
export async function order(
  system: ConnectedSystem,
  terminal: Terminal,
  orderId: string,
  { json }: { json?: boolean },
): Promise<number> {
  const found = await readOrder(system, orderId);
  if (!found) {
    terminal.err(`There is no order ${orderId} in stage ${system.stage}.\n`);
    return 1;
  }
  if (json) terminal.out(`${JSON.stringify(found, null, 2)}\n`);
  else printOrder(found, terminal);
  return 0;
}
