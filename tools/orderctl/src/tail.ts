import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { ORDER_STATES } from '@orderflow/domain/orders/order';
import { ORDER_FEED } from '@orderflow/domain/orders/order-feed';
import { isFollowedOrder, type FollowedOrder } from '@orderflow/domain/readable-item';
import { attemptsOf } from '@orderflow/domain/work-item-record';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { createFollower } from '@orderflow/platform/dynamodb/follow-items';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { ConnectedSystem } from './connect.js';
import { keepOn } from './outage.js';
import { paint, row, type Deadline, type Terminal } from './terminal.js';

type TailOptions = {
  last: number;
  /** Lines after which it ends. */
  count?: number;
  json?: boolean;
};

const EVERY_MS = 500;
const WIDTHS = [24, 36, 10, 13, 7, 8, 9];
const TITLES = ['TIME', 'ORDER', 'STATUS', 'STEP', 'VERSION', 'ATTEMPTS', 'AMOUNT', 'DETAILS'];

/** The order as it is now, with its latest timeline entry. */
function toChange(record: FollowedOrder) {
  const { orderId, status, version, customerId, totalAmount, createdAt, updatedAt, failure } = record;
  const { step = 'unknown', at = updatedAt, code, reason } = timelineOf(record).steps.at(-1) ?? {};
  const hasFailed = failure && status === ORDER_STATES.failed;
  const told = hasFailed ? { code: failure.code, reason: failure.message } : { code, reason };
  const attempts = attemptsOf(record.timeline);
  return { orderId, step, at, status, version, attempts, customerId, totalAmount, createdAt, ...told };
}

function toRow(change: ReturnType<typeof toChange>, terminal: Terminal): string {
  const { at, orderId, status, step, version, attempts, customerId, totalAmount, code, reason } = change;
  const why = [code, reason].filter((text) => text !== undefined).join(': ');
  const texts = [at, orderId, status, step, String(version), String(attempts), totalAmount.toFixed(2)];
  const line = row([...texts, why || `customer ${customerId}`], WIDTHS);
  if (status === ORDER_STATES.failed) return paint(terminal, 'red', line);
  return status === ORDER_STATES.completed ? paint(terminal, 'green', line) : line;
}

/**
 * Shows orders as they change, the newest last. Returns 0 at the requested end, 2 if AWS is unavailable at the
 * deadline, 130 after Ctrl-C.
 */
export async function tail(
  { aws, names, where }: ConnectedSystem,
  terminal: Terminal,
  { last, count = Infinity, json }: TailOptions,
  deadline?: Deadline,
): Promise<number> {
  const follower = createFollower({
    reader: createTableReader(aws.dynamo, ordersTable(names)),
    ...ORDER_FEED,
    now: terminal.now,
  });
  let isFirst = true;
  let shown = 0;
  if (!json) terminal.out(paint(terminal, 'bold', row(TITLES, WIDTHS)));
  return keepOn(terminal, { where, everyMs: EVERY_MS, deadline }, async () => {
    const records = (await follower.poll()).filter(isFollowedOrder);
    const wanted = isFirst ? records.slice(Math.max(0, records.length - last)) : records;
    isFirst = false;
    const changes = wanted.map(toChange).sort((a, b) => (a.at < b.at ? -1 : 1));
    for (const change of changes) {
      terminal.out(json ? `${JSON.stringify(change)}\n` : toRow(change, terminal));
      shown += 1;
      if (shown >= count) return 'enough';
    }
    return 'again';
  });
}
