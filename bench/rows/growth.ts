import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { newId } from '@orderflow/domain/ids';
import { aStoredOrder, withoutMarker } from '@orderflow/testing/stored-orders';
import { usageSince, type Usage } from '../support/aws-usage.js';
import { startSubjectIn, type BenchSystem, type Place, type Places } from '../support/bench-system.js';
import { startCountingProxy } from '../support/counting-proxy.js';
import { ordersPerSecond, warmUp } from './saturation.js';
import { createTokenSource } from '../../tools/local/access-token.mjs';

const SIZES = [100, 100_000] as const;
const BATCH = 25;
const WRITERS = 4;
const PAGES = 20;
const PAGE_SIZE = 50;
const SETTLE_MS = 6_000;
const IDLE_MS = 60_000;
/** Frequent sweeps average out jitter. The cost of one sweep does not depend on the interval. */
const SWEEPING = { SWEEP_INTERVAL_MS: '500' };
/** Sweeps would add to the cost of list pages. */
const NOT_SWEEPING = { SWEEP_INTERVAL_MS: '3600000' };
const MORE_WORKERS = 4;

/** A record of an order that was completed within the last hour. */
function finishedOrder(age: number): Record<string, unknown> {
  const item = { productId: 'coffee-beans', productName: 'Coffee beans, 1 kg', quantity: 1, unitPrice: 12.5 };
  const record = aStoredOrder({
    request: { customerId: `customer-${age % 100}`, items: [item], totalAmount: 12.5 },
    correlationId: newId(),
    now: Date.now() - (age % 3_600) * 1_000,
    outboxAt: 0,
  });
  return { ...withoutMarker(record), status: 'COMPLETED', effects: 1, version: 3 };
}

async function seed({ dynamo, names }: BenchSystem, orders: number): Promise<void> {
  const documents = DynamoDBDocumentClient.from(dynamo);
  let left = orders;
  const writer = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(BATCH, left);
      left -= count;
      let requests = Array.from({ length: count }, (_, index) => ({
        PutRequest: { Item: finishedOrder(left + index) },
      }));
      while (requests.length > 0) {
        const { UnprocessedItems: unprocessed = {} } = await documents.send(
          new BatchWriteCommand({ RequestItems: { [names.ordersTable]: requests } }),
        );
        requests = (unprocessed[names.ordersTable] ?? []) as typeof requests;
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

/** The AWS usage of the services while `what` runs. */
async function usageDuring(place: Place, env: Record<string, string>, what: (system: BenchSystem) => Promise<void>) {
  const proxy = await startCountingProxy(place.emulator.url);
  const system = await startSubjectIn(place, 'ours', { env, endpointFor: () => Promise.resolve(proxy.url) });
  try {
    // The sweeper first handles the markers that earlier measurements left.
    await sleep(SETTLE_MS);
    const before = proxy.usage();
    await what(system);
    return usageSince(before, proxy.usage());
  } finally {
    await system.dispose();
    await proxy.dispose();
  }
}

async function readPages({ apiUrl }: BenchSystem): Promise<void> {
  const tokens = createTokenSource(apiUrl, {});
  for (let page = 0; page < PAGES; page++) {
    const answer = await fetch(`${apiUrl}/api/orders?limit=${PAGE_SIZE}`, { headers: await tokens.headers() });
    if (answer.status !== 200) throw new Error(`the list answered ${answer.status}`);
    await answer.arrayBuffer();
  }
}

const dynamoDbCalls = ({ calls }: Usage): number =>
  [...calls].reduce((sum, [name, count]) => sum + (name.startsWith('DynamoDB ') ? count : 0), 0);

/** Table calls and read units of a list page and of an idle minute. */
async function measureReads(place: Place): Promise<Record<string, number>> {
  const pages = await usageDuring(place, NOT_SWEEPING, readPages);
  const idle = await usageDuring(place, SWEEPING, () => sleep(IDLE_MS));
  const minutes = IDLE_MS / 60_000;
  return {
    pageCalls: dynamoDbCalls(pages) / PAGES,
    pageUnits: pages.readUnits / PAGES,
    idleQueries: (idle.calls.get('DynamoDB Query') ?? 0) / minutes,
    idleUnits: idle.readUnits / minutes,
  };
}

/** How the number of stored orders, and of workers, affects this system. */
export async function measureGrowth(places: Places, orders: number, say: (line: string) => void) {
  const measured: Record<string, number> = {};
  for (const size of SIZES) {
    const place = await places.fresh();
    try {
      for (const workers of size === SIZES[0] ? [1, MORE_WORKERS] : [1]) {
        say(`growth: ${size} orders in the table, ${workers} worker${workers === 1 ? '' : 's'}`);
        const system = await startSubjectIn(place, 'ours', { workers });
        try {
          if (workers === 1) await seed(system, size);
          await warmUp(system);
          measured[`rate${size}x${workers}`] = await ordersPerSecond(system, orders);
        } finally {
          await system.dispose();
        }
      }
      for (const [name, value] of Object.entries(await measureReads(place))) measured[`${name}${size}`] = value;
    } finally {
      await place.dispose();
    }
  }
  return measured;
}
