import type { Notification, Order, TimelineStep } from '@orderflow/contracts';
import { paint, printFacts, table, type Terminal } from '../terminal.js';

type Found = {
  order: Order;
  notifications: Notification[];
  outbox: { dueAt: string } | null;
  steps: TimelineStep[];
};

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

export function printOrder({ order, notifications, outbox, steps }: Found, terminal: Terminal): void {
  const { orderId, status, version, customerId, totalAmount, items, correlationId, failure } = order;
  const republished = steps.filter(({ step, subject }) => step === 'republished' && subject === 'order').length;
  const facts = {
    order: orderId,
    status: `${status}, version ${version}`,
    failure: failure && `${failure.code}: ${failure.message}${failure.retriable ? ' (retriable)' : ''}`,
    customer: customerId,
    total: `${totalAmount.toFixed(2)} for ${items.length} ${items.length === 1 ? 'item' : 'items'}`,
    correlation: correlationId,
    outbox: outbox ? `marker due at ${outbox.dueAt}, republished ${republished} times` : 'no marker: nothing is open',
  };
  printFacts(facts, LABEL_WIDTH, terminal);
  terminal.out('\n');
  const [title = '', ...lines] = table([
    ['TIME', 'SINCE', 'STEP', 'SUBJECT', 'DETAILS'],
    ...steps.map((step) => [step.at, since(step.sinceMs), step.step, subjectOf(step, notifications), detailsOf(step)]),
  ]);
  terminal.out(paint(terminal, 'bold', title));
  for (const [index, line] of lines.entries()) {
    const isWrong = GOES_WRONG.includes(steps[index]?.step ?? '');
    terminal.out(isWrong ? paint(terminal, 'red', line) : line);
  }
}
