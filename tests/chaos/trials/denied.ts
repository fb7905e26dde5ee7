import { eventually } from '@orderflow/testing/eventually';
import type { AwsService } from '../../support/faulty-network/aws-json.js';
import { assertAblated, withChaosSystem } from '../support/chaos-system.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence } from '../support/evidence.js';
import { placeOrders } from '../support/load.js';
import { countDeadLetters } from '../../support/outages.js';
import { waitForQuiet } from '../support/quiet.js';
import { countIs, type Check, type Trial, type TrialOptions } from '../trial.js';

type Denial = { service: AwsService; operation: string };

/** Permissions that are removed while messages are in flight. */
const DENIALS: Denial[] = [
  { service: 'DynamoDB', operation: 'BatchExecuteStatement' },
  { service: 'EventBridge', operation: 'PutEvents' },
  { service: 'SQS', operation: 'DeleteMessageBatch' },
  { service: 'SQS', operation: 'ReceiveMessage' },
];
const SIZES = { full: { orders: 60, denials: DENIALS }, ci: { orders: 12, denials: DENIALS.slice(0, 2) } } as const;
/** Refusals per denial: more than would dead-letter all messages, if refusals counted as attempts. */
const REFUSALS_PER_ORDER = 4;
const REFUSED_WITHIN_MS = 60_000;
/** Wait until all refused messages are done: a new process would not know that their receives do not count. */
const ENDS_WITHIN_MS = 60_000;
/** Long enough that work is in progress when the permission is removed. */
const FULFILMENT_MS = 1_500;
/** Without the breaker, these settings would soon dead-letter the messages. */
const ENV = { MAX_RECEIVES: '2', RETRY_MAX_SECONDS: '1', VISIBILITY_TIMEOUT_SECONDS: '5' };
const ABLATION = { name: 'denial-blames-the-message', of: 'order-worker' } as const;

async function run({ seed, emulator, ablated, size, say }: TrialOptions): Promise<Check[]> {
  const { orders, denials } = SIZES[size];
  const chaos = {
    seed,
    emulator,
    fulfilmentDelayMs: FULFILMENT_MS,
    env: ENV,
    ablation: ablated ? ABLATION : undefined,
  };
  return withChaosSystem(chaos, async (system) => {
    const placed = [];
    for (const [index, denial] of denials.entries()) {
      const before = system.network.applied().get('deny') ?? 0;
      const load = { baseUrl: await system.apiUrl(), count: orders, firstIndex: index * orders };
      const accepted = await placeOrders({ ...load, concurrency: orders, until: 'accepted' });
      const allow = system.network.add({ kind: 'deny', ...denial });
      const met = () => (system.network.applied().get('deny') ?? 0) - before;
      // With the breaker, there are few refusals.
      const isEnough = async () => met() >= (ablated ? REFUSALS_PER_ORDER * orders : 4);
      await eventually(isEnough, `refusals of ${denial.operation}`, REFUSED_WITHIN_MS);
      allow();
      await waitForQuiet(system.operator, ENDS_WITHIN_MS);
      placed.push(...accepted);
      say(`${denial.operation}: ${met()} calls refused`);
    }
    if (ablated) await assertAblated(system, ABLATION.name, ABLATION.of);
    const evidence = await collectEvidence(system, placed, ablated ? { withinMs: 20_000 } : {});
    const completed = evidence.orders.filter(({ status }) => status === 'COMPLETED').length;
    return [
      countIs('I9', 'dead letters for a missing permission', 0, await countDeadLetters(system.operator)),
      countIs('I9', 'orders COMPLETED', placed.length, completed),
      ...whatAlwaysHolds('I9', evidence, system),
    ];
  });
}

export const denied: Trial = {
  name: 'denied',
  fault: 'AWS refuses the worker for a while: AccessDenied for its statements, events, deletes and receives',
  ablation: { name: ABLATION.name, breaks: 'I9' },
  run,
};
