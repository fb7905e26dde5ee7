import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { newId } from '@orderflow/domain/ids';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { outboxShardOf } from '@orderflow/domain/work-item-record';
import { eventually } from '@orderflow/testing/eventually';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { assertAblated, withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence, readTable } from '../support/evidence.js';
import { orderOfRequest, placeOrders } from '../support/load.js';
import { countIs, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = { full: { orders: 300, rows: 40 }, ci: { orders: 30, rows: 10 } } as const;
const ENDS_WITHIN_MS = { ablated: 6_000, otherwise: 60_000 };
const REPORTED_WITHIN_MS = 15_000;
const ENV = { OUTBOX_DELAY_MS: '500', SWEEP_INTERVAL_MS: '200' };
const ABLATION = { name: 'bad-row-is-an-outage', of: 'api-gateway' } as const;

/** Invalid rows, as left by a manual change or a bug: half are orders without items, half are empty outcomes. */
function badRows(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => {
    const now = Date.now() - 3_600_000;
    const orderId = newId();
    const record = aStoredOrder({ orderId, request: orderOfRequest(index), now, correlationId: `bad-row-${index}` });
    const { items: _items, ...withoutItems } = record;
    const ended = { ...withoutItems, status: 'FAILED', version: 3, effects: 1 };
    return { ...(index % 2 === 0 ? withoutItems : ended), outboxShard: outboxShardOf(orderId) };
  });
}

const isOf = (rows: readonly Record<string, unknown>[]) => {
  const ids = new Set(rows.map(({ orderId }) => orderId));
  return ({ orderId }: OrderRecord): boolean => ids.has(orderId);
};

async function untilEnded(system: ChaosSystem, rows: readonly Record<string, unknown>[], withinMs: number) {
  const isBad = isOf(rows);
  const haveEnded = async () => {
    const orders = await readTable<OrderRecord>(system.operator, system.operator.names.ordersTable);
    return orders.every((order) => isBad(order) || order.status === 'COMPLETED');
  };
  return eventually(haveEnded, 'the orders behind the bad rows', withinMs).then(
    () => true,
    () => false,
  );
}

/** Health reports are cached for some seconds. */
async function untilReported(url: string): Promise<boolean> {
  const asks = async () => {
    const health = await (await fetch(url)).text();
    return health.includes('"degraded"') && health.includes('cannot be processed');
  };
  return eventually(asks, 'a report of the bad rows', REPORTED_WITHIN_MS).then(
    () => true,
    () => false,
  );
}

async function run(options: TrialOptions): Promise<Check[]> {
  const { seed, emulator, ablated, size, say, orders = SIZES[size].orders } = options;
  const { rows: count } = SIZES[size];
  const chaos = { seed, emulator, env: ENV, ablation: ablated ? ABLATION : undefined };
  return withChaosSystem(chaos, async (system) => {
    const { aws, names } = system.operator;
    const rows = badRows(count);
    for (const Item of rows) await aws.dynamo.send(new PutCommand({ TableName: names.ordersTable, Item }));
    const recover = system.network.add({ kind: 'swallow', service: 'EventBridge' });
    const placed = await placeOrders({ baseUrl: await system.apiUrl(), count: orders, until: 'accepted' });
    recover();
    const ended = await untilEnded(system, rows, ENDS_WITHIN_MS[ablated ? 'ablated' : 'otherwise']);
    if (ablated) await assertAblated(system, ABLATION.name, ABLATION.of);

    const logs = await system.logs('api-gateway');
    const named = rows.filter(({ orderId }) => logs.includes(`"id":"${String(orderId)}"`)).length;
    const isReported = await untilReported(`${await system.apiUrl()}/health/ready`);
    say(`${named} of ${rows.length} bad rows named in the log; orders behind them have ${ended ? '' : 'not '}ended`);
    for (const { orderId } of rows) {
      await aws.dynamo.send(new DeleteCommand({ TableName: names.ordersTable, Key: { orderId } }));
    }
    const evidence = await collectEvidence(system, placed, ablated ? { withinMs: 1_000 } : {});
    return [
      { id: 'I4', must: 'orders whose events were lost end', saw: ended ? 'yes' : 'no', holds: ended },
      countIs('I4', 'bad rows that the log names', rows.length, named),
      {
        id: 'I4',
        must: 'health says that rows cannot be processed',
        saw: isReported ? 'yes' : 'no',
        holds: isReported,
      },
      ...whatAlwaysHolds('I4', evidence, system),
    ];
  });
}

export const badRowsTrial: Trial = {
  name: 'bad-rows',
  fault: 'unreadable rows have due markers, older than those of orders whose events were lost',
  ablation: { name: ABLATION.name, breaks: 'I4' },
  run,
};
