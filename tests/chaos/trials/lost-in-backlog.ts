import type { OrderRecord } from '@orderflow/domain/orders/order';
import { eventually } from '@orderflow/testing/eventually';
import { createApiClient } from '../../support/api-client.js';
import { withChaosSystem } from '../support/chaos-system.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { customerOf, placeOrders } from '../support/load.js';
import { keepBacklog } from '../support/keep-backlog.js';
import { atMost, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = { full: { graceMs: 20_000 }, ci: { graceMs: 4_000 } } as const;
/** Longer than orders wait in the backlog, so that almost only the lost order's marker is due. */
const OUTBOX_DELAY_MS = 4_000;
const SWEEP_INTERVAL_MS = 300;
/** Sweep intervals vary by up to a quarter. */
const LONGEST_SWEEP_INTERVAL_MS = 1.25 * SWEEP_INTERVAL_MS;
/** One worker with one poller handles ten orders in this time. */
const FULFILMENT_MS = 700;
const BACKLOG = 40;
/** Allowance for a busy machine. */
const MARGIN_MS = 2_000;
/** How long the backlog lasts if the lost order does not end. */
const GIVE_UP_AFTER_MS = { ablated: 6_000, otherwise: 60_000 };
/** A backlog always counts as the reason for a due marker. */
const ENDLESS_PATIENCE_MS = 3_600_000;
/** Request number of the lost order; the others form the backlog. */
const LOST = 0;

/** Ms from acceptance to outcome; infinite while there is no outcome. */
function tookMs(order: OrderRecord | undefined): number {
  if (order?.status !== 'COMPLETED' && order?.status !== 'FAILED') return Infinity;
  return Date.parse(order.updatedAt) - Date.parse(order.createdAt);
}

async function run({ seed, emulator, ablated, size, say }: TrialOptions): Promise<Check[]> {
  const { graceMs } = SIZES[size];
  const env = {
    OUTBOX_DELAY_MS: String(OUTBOX_DELAY_MS),
    SWEEP_INTERVAL_MS: String(SWEEP_INTERVAL_MS),
    QUEUE_GRACE_MS: String(ablated ? ENDLESS_PATIENCE_MS : graceMs),
    WORKER_POLLERS: '1',
  };
  const chaos = { seed, emulator, workers: 1, fulfilmentDelayMs: FULFILMENT_MS, env };
  return withChaosSystem(chaos, async (system) => {
    const api = createApiClient(() => system.apiUrl());
    const backlog = await keepBacklog(system, { messages: BACKLOG, firstIndex: LOST + 1 });
    const recover = system.network.add({
      kind: 'swallow',
      service: 'EventBridge',
      match: ({ Entries: [entry] = [] }) => entry?.Detail?.includes(`"${customerOf(LOST)}"`) ?? false,
    });
    const lost = await placeOrders({ baseUrl: await system.apiUrl(), count: 1, firstIndex: LOST, until: 'accepted' });
    const { orderId = '' } = lost[0] ?? {};
    const isLost = async () => system.network.applied().get('swallow');
    await eventually(isLost, 'the loss of a message');
    recover();

    const giveUpAfterMs = OUTBOX_DELAY_MS + graceMs + GIVE_UP_AFTER_MS[ablated ? 'ablated' : 'otherwise'];
    const cameBack = await api.orderInState(orderId, 'COMPLETED', giveUpAfterMs).then(
      () => true,
      () => false,
    );
    const { placed, shortest } = await backlog.stop();
    say(`${placed.length} orders besides the lost one; ${shortest} messages or more always waited`);

    const evidence = await collectEvidence(system, [...lost, ...placed]);
    const others = evidence.orders.filter((order) => order.orderId !== orderId).map(tookMs);
    const tookLost = tookMs(evidence.orders.find((order) => order.orderId === orderId));
    // Once republished, it waits in the queue like any other order.
    const boundMs = OUTBOX_DELAY_MS + graceMs + LONGEST_SWEEP_INTERVAL_MS + Math.max(...others) + MARGIN_MS;
    const seen: Check[] = [
      { id: 'I4', must: 'it ends while the backlog lasts', saw: cameBack ? 'yes' : 'no', holds: cameBack },
      atMost('I4', 'the lost order took', boundMs / 1_000, tookLost / 1_000, ' s'),
      { id: 'I4', must: 'the queue is never empty', saw: `${shortest} messages or more`, holds: shortest > 0 },
      {
        id: 'I4',
        must: 'the backlog explains the delay at first',
        saw: `back after ${tookLost} ms`,
        holds: tookLost > OUTBOX_DELAY_MS + graceMs,
      },
    ];
    return [...seen, ...whatAlwaysHolds('I4', evidence, system)];
  });
}

export const lostInBacklog: Trial = {
  name: 'lost-in-backlog',
  fault: 'one message is lost while the queue is never empty',
  ablation: { name: 'endless-patience', breaks: 'I4' },
  run,
};
