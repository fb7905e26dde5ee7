import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { list } from '@orderflow/orderctl/dead-letters/list';
import { replay } from '@orderflow/orderctl/dead-letters/replay';
import { createTerminal } from '../../support/operator.js';
import { assertAblated, withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { everyOrderEnds, itEnds, nothingFromNowhere, outcomesApplyOnce, outsideAgrees } from '../support/checks.js';
import { collectEvidence, readTable } from '../support/evidence.js';
import type { Placed } from '../support/load.js';
import { malformedMessages } from '../support/malformed.js';
import { placePatiently } from '../support/patient-customers.js';
import { percentile } from '@orderflow/platform/runtime/percentile';
import { waitForQuiet } from '../support/quiet.js';
import { atMost, countIs, type Check, type Trial } from '../trial.js';

/** Half of the poison is malformed messages; the other half is orders whose fulfilment always fails. */
const SIZES = { full: { good: 1_000, poison: 50 }, ci: { good: 150, poison: 10 } } as const;
/** Enough to show the effect of a missing backoff. */
const ABLATED_SIZE = { good: 30, poison: 10 };
/** Far below the workers' capacity, so that queueing is not measured. */
const CUSTOMERS = 12;
const WORKERS = 2;
/** Long compared with the noise of a busy machine. */
const FULFILMENT_MS = 300;
const MAX_RECEIVES = 3;
/** The minimum retry delay of 1 s, minus a margin for clocks. */
const SPREAD_MS = 950;
const EXHAUSTED = 'RECEIVES_EXHAUSTED';
const QUIET_WITHIN_MS = 30_000;

type DeadLetter = { code: string; reason: string; originalMessageId: string; event: { orderId?: string } };
/** The ids and expected codes of the malformed messages, and the orders. */
type Poisoned = { expected: Map<string, string>; good: Placed[]; failing: Placed[] };

/** Good orders and poison, evenly mixed. */
async function placeWithPoison(
  system: ChaosSystem,
  { aws, names, urlOf }: ConnectedSystem,
  { good, poison, firstIndex }: { good: number; poison: number; firstIndex: number },
): Promise<Poisoned> {
  const messages = malformedMessages(poison / 2);
  const failing = poison - messages.length;
  const every = Math.floor((good + failing) / failing);
  const isFailing = (index: number) => (index - firstIndex) % every === 0 && index - firstIndex < every * failing;
  const QueueUrl = await urlOf(names.orderQueue);
  const sends: Promise<[string, string]>[] = [];
  const placed = await placePatiently(system, {
    customers: CUSTOMERS,
    count: good + failing,
    firstIndex,
    productOf: (index) => (isFailing(index) ? 'test-fails-always' : 'chaos-1'),
    onPlaced: ({ index }) => {
      const message = isFailing(index) ? messages.shift() : undefined;
      if (!message) return;
      const { body: MessageBody, code } = message;
      const sent = aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      sends.push(sent.then(({ MessageId = '' }) => [MessageId, code]));
    },
  });
  return {
    expected: new Map(await Promise.all(sends)),
    good: placed.filter(({ index }) => !isFailing(index)),
    failing: placed.filter(({ index }) => isFailing(index)),
  };
}

/** Durations of the completed orders, from the times in the table. */
function latencies(placed: readonly Placed[], orders: ReadonlyMap<string, OrderRecord>): number[] {
  return placed.flatMap(({ orderId = '' }) => {
    const order = orders.get(orderId);
    return order?.status === 'COMPLETED' ? [Date.parse(order.updatedAt) - Date.parse(order.createdAt)] : [];
  });
}

/** Whether each retry of an order waited for at least the minimum delay. */
function isSpread({ timeline }: OrderRecord): boolean {
  const receives = Object.entries(timeline).flatMap(([step, { at }]) =>
    step.startsWith('received_') ? [Date.parse(at)] : [],
  );
  receives.sort((a, b) => a - b);
  const gaps = receives.slice(1).map((at, index) => at - receives[index]!);
  return gaps.length >= MAX_RECEIVES - 1 && gaps.every((gapMs) => gapMs >= SPREAD_MS);
}

async function untilQuiet(operator: ConnectedSystem): Promise<void> {
  const quietMs = await waitForQuiet(operator, QUIET_WITHIN_MS);
  if (quietMs === undefined) throw new Error(`work is left after ${QUIET_WITHIN_MS} ms`);
}

function checkLetters(letters: readonly DeadLetter[], { expected, failing }: Poisoned): Check[] {
  const failingIds = new Set(failing.map(({ orderId }) => orderId));
  const right = letters.filter(({ code, reason, originalMessageId, event }) => {
    const isOrder = code === EXHAUSTED && failingIds.has(event.orderId);
    return reason !== '' && (isOrder || expected.get(originalMessageId) === code);
  });
  const poison = expected.size + failing.length;
  return [
    countIs('I6', 'distinct dead letters', poison, new Set(letters.map((one) => one.originalMessageId)).size),
    countIs('I6', 'dead letters with the expected reason', poison, right.length),
    countIs('I6', 'reasons', new Set(expected.values()).size + 1, new Set(right.map(({ code }) => code)).size),
  ];
}

/** Repairs the warehouse and replays the failed orders. */
async function replayFailed(system: ChaosSystem, operator: ConnectedSystem, failed: number): Promise<Check> {
  system.warehouse.repair();
  const terminal = createTerminal();
  await replay(operator, terminal, { queue: ['orders'], reason: [EXHAUSTED], maxReplays: 1, json: true });
  const replayed = terminal.documents().filter(({ result }) => result === 'replayed');
  return countIs('I6', 'dead letters replayed after the fix', failed, replayed.length);
}

export const poison: Trial = {
  name: 'poison',
  fault: 'malformed messages and orders that always fail, among good orders',
  ablation: { name: 'no-backoff', breaks: 'I6' },
  run: async ({ seed, size, orders: wanted, emulator, ablated, say }) => {
    const { good, poison: count } = ablated ? ABLATED_SIZE : { ...SIZES[size], ...(wanted ? { good: wanted } : {}) };
    const chaos = {
      seed,
      emulator,
      workers: WORKERS,
      fulfilmentDelayMs: FULFILMENT_MS,
      env: { MAX_RECEIVES: String(MAX_RECEIVES) },
      ablation: ablated ? ({ name: 'no-backoff', of: 'order-worker' } as const) : undefined,
    };
    return withChaosSystem(chaos, async (system) => {
      const { operator } = system;
      const before = await placePatiently(system, { customers: CUSTOMERS, count: good, firstIndex: 0 });
      await untilQuiet(operator);
      say(`${good} orders without poison are done`);

      const poisoned = await placeWithPoison(system, operator, { good, poison: count, firstIndex: good });
      await untilQuiet(operator);
      const stored = await readTable<OrderRecord>(operator, operator.names.ordersTable);
      const byId = new Map(stored.map((order) => [order.orderId, order]));
      const failing = poisoned.failing.flatMap(({ orderId = '' }) => byId.get(orderId) ?? []);
      const baseline = percentile(latencies(before, byId), 0.99);
      const during = latencies(poisoned.good, byId);
      const terminal = createTerminal();
      await list(operator, terminal, { queue: ['orders'], json: true });
      say(
        `${good} orders among ${count} poison ones are done; p99 ${percentile(during, 0.99)} ms, before ${baseline} ms`,
      );
      if (ablated) await assertAblated(system, 'no-backoff', 'order-worker');

      const checks = [
        ...checkLetters(terminal.documents<DeadLetter>(), poisoned),
        countIs('I6', 'good orders COMPLETED', good, during.length),
        atMost('I6', 'p99 of good orders, of the same without poison', 2, percentile(during, 0.99) / baseline, ' ×'),
        countIs(
          'I6',
          'failing orders whose attempts are a second or more apart',
          failing.length,
          failing.filter(isSpread).length,
        ),
        await replayFailed(system, operator, failing.length),
      ];
      const seen = await collectEvidence(system, [...before, ...poisoned.good, ...poisoned.failing]);
      const poisonIds = new Set(failing.map(({ orderId }) => orderId));
      const ofGood = {
        ...seen,
        orders: seen.orders.filter(({ orderId }) => !poisonIds.has(orderId)),
        notifications: seen.notifications.filter(({ orderId }) => !poisonIds.has(orderId)),
      };
      return [
        ...checks,
        ...everyOrderEnds('I6', seen),
        ...outcomesApplyOnce('I2', ofGood, system),
        ...outsideAgrees('I2', seen, system),
        ...nothingFromNowhere('I3', seen),
        ...itEnds('I10', seen, system, poisonIds),
      ];
    });
  },
};
