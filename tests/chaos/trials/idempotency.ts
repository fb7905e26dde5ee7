import { resourceNames, type CreateOrderRequest } from '@orderflow/contracts';
import { assertAblated, withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { startForgetfulProxy, type ForgetfulProxy } from '../support/forgetful-proxy.js';
import { orderOfRequest, placeOrders, type Placed } from '../support/load.js';
import { countIs, noneIs, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = { full: { keys: 100, postsPerKey: 50 }, ci: { keys: 20, postsPerKey: 15 } } as const;
/** Posts per key with a different body. */
const MISUSES_PER_KEY = 5;
const DROPPED = 0.2;
const ABLATION = 'no-read-back';

const keyOf = (key: number): string => `key-${key}`;

/** The same customer and key, but another order. */
function otherOrder(key: number): CreateOrderRequest {
  const { customerId } = orderOfRequest(key);
  const item = { productId: 'chaos-1', productName: 'Another order', quantity: 2, unitPrice: 12.5 };
  return { customerId, items: [item], totalAmount: 25 };
}

/** Answers of the table and of the API are lost. */
async function dropAnswers(system: ChaosSystem, seed: number): Promise<ForgetfulProxy> {
  const { ordersTable } = resourceNames(system.stage);
  const common = { kind: 'drop-answer', service: 'DynamoDB', probability: DROPPED } as const;
  system.network.add({
    ...common,
    operation: 'BatchExecuteStatement',
    match: (request) => JSON.stringify(request.Statements).includes(`INSERT INTO \\"${ordersTable}\\"`),
  });
  system.network.add({ ...common, operation: 'GetItem', match: ({ TableName: table }) => table === ordersTable });
  return startForgetfulProxy(await system.apiUrl(), { seed, probability: DROPPED });
}

/** Posts many times with each key, all posts of a key at once. */
async function postUnderKeys(
  baseUrl: string,
  { keys, postsPerKey }: { keys: number; postsPerKey: number },
  orderOf: (key: number) => CreateOrderRequest,
): Promise<Placed[]> {
  const keyAt = (index: number): number => Math.floor(index / postsPerKey);
  return placeOrders({
    baseUrl,
    count: keys * postsPerKey,
    concurrency: postsPerKey,
    orderOf: (index) => orderOf(keyAt(index)),
    idempotencyKeyOf: (index) => keyOf(keyAt(index)),
    until: 'accepted',
  });
}

function checksOf(
  size: { keys: number; postsPerKey: number },
  same: Placed[],
  other: Placed[],
  stored: number,
): Check[] {
  const { keys, postsPerKey } = size;
  const idsOfKey = Array.from({ length: keys }, () => new Set<string>());
  for (const { index, orderId } of same)
    if (orderId !== undefined) idsOfKey[Math.floor(index / postsPerKey)]?.add(orderId);
  const told = new Set(idsOfKey.flatMap((ids) => [...ids]));
  const retried = same.filter(({ attempts }) => attempts > 1).length;
  return [
    countIs('I5', `orders of ${keys} keys`, keys, stored),
    noneIs('I5', 'keys whose answers do not name one order', idsOfKey, (ids) => ids.size !== 1),
    countIs('I5', 'ids that the answers name', keys, told.size),
    noneIs('I5', 'false conflicts', same, ({ status }) => status === 409 || status === 422),
    noneIs('I5', 'clients without their order', same, ({ outcome }) => outcome !== 'ok'),
    noneIs('I5', 'other bodies under a used key not answered 422', other, ({ status }) => status !== 422),
    { id: 'I5', must: 'clients had to retry', saw: `${retried} of ${same.length}`, holds: retried > 0 },
  ];
}

async function run({ seed, emulator, ablated, size, say, orders }: TrialOptions): Promise<Check[]> {
  const { postsPerKey, keys } = { ...SIZES[size], ...(orders ? { keys: orders } : {}) };
  const ablation = ablated ? ({ name: ABLATION, of: 'api-gateway' } as const) : undefined;
  return withChaosSystem({ seed, emulator, ablation }, async (system) => {
    const proxy = await dropAnswers(system, seed);
    try {
      const same = await postUnderKeys(proxy.url, { keys, postsPerKey }, orderOfRequest);
      const misuses = { keys, postsPerKey: MISUSES_PER_KEY };
      const other = await postUnderKeys(proxy.url, misuses, otherOrder);
      const byTable = system.network.applied().get('drop-answer') ?? 0;
      const byApi = [...proxy.forgotten()].map(([status, count]) => `${count} × ${status}`);
      system.network.heal();
      say(
        `${same.length} posts, ${other.length} misuses; answers lost: ${byTable} of the table, ${byApi.join(', ')} of the API`,
      );
      if (byTable === 0 || byApi.length === 0) throw new Error('no answer was lost: the run would prove nothing');

      const evidence = await collectEvidence(system, [...same, ...other], { withinMs: ablated ? 5_000 : 60_000 });
      if (ablated) await assertAblated(system, ABLATION, 'api-gateway');
      return [
        ...checksOf({ keys, postsPerKey }, same, other, evidence.orders.length),
        ...whatAlwaysHolds('I1', evidence, system),
      ];
    } finally {
      await proxy.dispose();
    }
  });
}

export const idempotency: Trial = {
  name: 'idempotency',
  fault: 'many posts under one key at the same time, 20 % of the answers of table and API dropped',
  ablation: { name: ABLATION, breaks: 'I5' },
  run,
};
