import { eventually } from '@orderflow/testing/eventually';
import type { ChaosSystem } from './chaos-system.js';
import { placeOrders, productNameOf, type Placed } from './load.js';

type Customers = {
  customers: number;
  /** Total number of orders; without it the customers continue until `signal` is aborted. */
  count?: number;
  firstIndex: number;
  signal?: AbortSignal;
  /** As in `placeOrders`. */
  until?: 'accepted';
  productOf?: (index: number) => string;
  onPlaced?: (placed: Placed) => void;
};

const SERVED_WITHIN_MS = 30_000;

/**
 * Each customer places an order when the warehouse has handled the previous one. The load adapts to the machine, and
 * latency does not depend on a backlog.
 */
export async function placePatiently(system: ChaosSystem, options: Customers): Promise<Placed[]> {
  const { customers, count = Infinity, firstIndex, signal, productOf = () => 'chaos-1', onPlaced } = options;
  const retries = options.until === undefined ? {} : { until: options.until };
  const baseUrl = await system.apiUrl();
  const all: Placed[] = [];
  let next = firstIndex;

  async function shop(): Promise<void> {
    while (next < firstIndex + count && !signal?.aborted) {
      const index = next++;
      const [placed] = await placeOrders({ baseUrl, count: 1, firstIndex: index, productOf, ...retries });
      if (!placed) continue;
      all.push(placed);
      onPlaced?.(placed);
      if (placed.outcome !== 'ok') continue;
      const isServed = async () => system.warehouse.orders().has(productNameOf(index));
      await eventually(isServed, `order ${index} in the warehouse`, SERVED_WITHIN_MS);
    }
  }
  await Promise.all(Array.from({ length: customers }, shop));
  return all.sort((a, b) => a.index - b.index);
}
