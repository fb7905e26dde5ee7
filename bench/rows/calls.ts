import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { callsIn, itemBytes, usageSince, writeUnitsOf, type Usage, type WireItem } from '../support/aws-usage.js';
import { withCountedSubject, type BenchSystem, type Places } from '../support/bench-system.js';
import { untilCompleted } from '../support/completion.js';
import { costPerMillion } from '../support/cost.js';
import type { CountingProxy } from '../support/counting-proxy.js';
import { closedLoop, createLoadClient } from '../support/load.js';
import { mean } from '../support/stats.js';
import type { Subject } from '../support/subjects.js';
import { CLIENTS, warmUp } from './saturation.js';

const WARM_UP_ORDERS = 200;
const SAMPLED_ITEMS = 100;

/** Mean write units of one update of a finished order, without index writes. */
async function unitsPerUpdate({ dynamo, names }: BenchSystem): Promise<number> {
  const { Items: items = [] } = await dynamo.send(
    new ScanCommand({ TableName: names.ordersTable, Limit: SAMPLED_ITEMS }),
  );
  return mean(items.map((item) => writeUnitsOf(itemBytes(item as unknown as WireItem))));
}

/** All calls from the first POST to the last completion, including polls, sweeps and probes. */
async function usageOf(system: BenchSystem, proxy: CountingProxy, clients: number, orders: number): Promise<Usage> {
  const client = createLoadClient(system.apiUrl);
  const before = proxy.usage();
  let after = before;
  const placed = await closedLoop(client, { clients, orders });
  client.close();
  await untilCompleted(
    system,
    placed.map(({ orderId }) => orderId),
    () => {
      after = proxy.usage();
    },
  );
  return usageSince(before, after);
}

/** AWS calls per order by operation, and their price. The other rows run without the proxy, which costs CPU. */
export function measureCalls(places: Places, subject: Subject, load: { clients: number; orders: number }[]) {
  return withCountedSubject(places, subject, async (system, proxy) => {
    await warmUp(system, WARM_UP_ORDERS);
    const measured: Record<string, number> = {};
    for (const { clients, orders } of load) {
      const usage = await usageOf(system, proxy, clients, orders);
      measured[`calls${clients}`] = callsIn(usage) / orders;
      for (const [name, count] of usage.calls) measured[`calls${clients} ${name}`] = count / orders;
      if (clients === CLIENTS) {
        const cost = costPerMillion(usage, orders, await unitsPerUpdate(system));
        Object.assign(measured, {
          costTotal: cost.total,
          costSqs: cost.sqs,
          costEventBridge: cost.eventBridge,
          costDynamoDb: cost.dynamoDb,
        });
      }
    }
    return measured;
  });
}
