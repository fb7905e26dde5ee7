import type { Notification, Order, TimelineStep } from '@orderflow/contracts';
import { paint, row, table, type Terminal } from '../terminal.js';

type Found = {
  order: Order;
  notifications: Notification[];
  outbox: { dueAt: string; attempts: number } | null;
  steps: TimelineStep[];
};

const LABEL_WIDTH = [12];

function since(ms: number): string {
  return ms < 10_000 ? `+${ms} ms` : `+${(ms / 1_000).toFixed(1)} s`;
}

/** Details of a timeline entry. */
function detailsOf(step: TimelineStep): string {
  const { status, version, attempt, worker, messageId, delaySeconds, code, reason, eventId } = step;
  return [
    ...(status === undefined ? [] : [status]),
    ...(version === undefined ? [] : [`version ${version}`]),
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(worker === undefined ? [] : [`on ${worker}`]),
    ...(delaySeconds === undefined ? [] : [`again in ${delaySeconds} s`]),
    ...(code === undefined ? [] : [code]),
    ...(reason === undefined ? [] : [reason]),
    ...(step.step === 'republished' && eventId !== undefined ? [`event ${eventId}`] : []),
    ...(messageId === undefined ? [] : [`message ${messageId}`]),
  ].join(', ');
}

function subjectOf({ subject, notificationId }: TimelineStep, notifications: readonly Notification[]): string {
  if (subject === 'order') return subject;
  const channel = notifications.find((one) => one.notificationId === notificationId)?.channel;
  return channel === undefined ? subject : `${subject} (${channel})`;
}

const GOES_WRONG = ['retried', 'republished', 'cancelled', 'dead-lettered', 'undelivered', 'failed'];

/** The order, and its timeline as a table. */
export function printOrder({ order, notifications, outbox, steps }: Found, terminal: Terminal): void {
  const { orderId, status, version, customerId, totalAmount, items, correlationId, failure } = order;
  const facts: [string, string][] = [
    ['order', orderId],
    ['status', `${status}, version ${version}`],
    ...(failure
      ? [
          ['failure', `${failure.code}: ${failure.message}${failure.retriable ? ' (retriable)' : ''}`] as [
            string,
            string,
          ],
        ]
      : []),
    ['customer', customerId],
    ['total', `${totalAmount.toFixed(2)} for ${items.length} ${items.length === 1 ? 'item' : 'items'}`],
    ['correlation', correlationId],
    [
      'outbox',
      outbox ? `marker due at ${outbox.dueAt}, published again ${outbox.attempts} times` : 'no marker: nothing is open',
    ],
  ];
  for (const fact of facts) terminal.out(row(fact, LABEL_WIDTH));
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
