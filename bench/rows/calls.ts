import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { callsIn, itemBytes, usageSince, writeUnitsOf, type Usage, type WireItem } from '../support/aws-usage.js';
import { withSubject, type BenchSystem, type Places } from '../support/bench-system.js';
import { untilCompleted } from '../support/completion.js';
import { costPerMillion } from '../support/cost.js';
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy.js';
import { closedLoop, createLoadClient } from '../support/load.js';
import type { Subject } from '../support/subjects.js';
import { CLIENTS, warmUp } from './saturation.js';

const WARM_UP_ORDERS = 200;
const SAMPLED_ITEMS = 100;

/** Mean cost of one write of a finished order, without index writes. */
async function unitsPerUpdate({ dynamo, names }: BenchSystem): Promise<number> {
  const { Items: items = [] } = await dynamo.send(
    new ScanCommand({ TableName: names.ordersTable, Limit: SAMPLED_ITEMS }),
  );
  const units = items.map((item) => writeUnitsOf(itemBytes(item as unknown as WireItem)));
  return units.reduce((sum, unit) => sum + unit, 0) / units.length;
}

/** All calls from the first POST to the last completion, with polls, sweeps and probes. */
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

/** AWS calls per order by operation, and their cost. A separate row, because the proxy costs CPU. */
export async function measureCalls(places: Places, subject: Subject, load: { clients: number; orders: number }[]) {
  const proxies: CountingProxy[] = [];
  const endpointFor = async (emulatorUrl: string): Promise<string> => {
    const proxy = await startCountingProxy(emulatorUrl);
    proxies.push(proxy);
    return proxy.url;
  };
  try {
    return await withSubject(
      places,
      subject,
      async (system) => {
        const [proxy] = proxies;
        if (!proxy) throw new Error('the system did not ask for an endpoint');
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
      },
      { endpointFor },
    );
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.dispose()));
  }
}
