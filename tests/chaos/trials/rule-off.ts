import { DisableRuleCommand, EnableRuleCommand } from '@aws-sdk/client-eventbridge';
import { assertAblated, withChaosSystem } from '../support/chaos-system.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence, readTable } from '../support/evidence.js';
import { placeOrders } from '../support/load.js';
import { untilSwept } from '../support/sweeps.js';
import { countIs, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = { full: { orders: 300, sweeps: 500 }, ci: { orders: 30, sweeps: 60 } } as const;
/** Time for a sweep on a busy machine. */
const SWEPT_WITHIN_MS = 1_000;
const ENV = {
  OUTBOX_DELAY_MS: '300',
  SWEEP_INTERVAL_MS: '100',
  QUEUE_GRACE_MS: '500',
  OUTBOX_MAX_ATTEMPTS: '3',
};
const ABLATION = { name: 'blind-to-rules', of: 'api-gateway' } as const;

async function run(options: TrialOptions): Promise<Check[]> {
  const { seed, emulator, ablated, size, say, orders = SIZES[size].orders } = options;
  const { sweeps } = SIZES[size];
  const chaos = { seed, emulator, env: ENV, ablation: ablated ? ABLATION : undefined };
  return withChaosSystem(chaos, async (system) => {
    const { aws, names } = system.operator;
    const rule = { EventBusName: names.bus, Name: names.orderCreatedRule };
    await aws.eventBridge.send(new DisableRuleCommand(rule));
    const placed = await placeOrders({ baseUrl: await system.apiUrl(), count: orders, until: 'accepted' });
    await untilSwept(system, sweeps, sweeps * SWEPT_WITHIN_MS);
    if (ablated) await assertAblated(system, ABLATION.name, ABLATION.of);

    const waiting = await readTable<{ status: string; outboxAttempts: number }>(system.operator, names.ordersTable);
    const failed = waiting.filter(({ status }) => status === 'FAILED').length;
    const attempts = waiting.filter(({ outboxAttempts }) => outboxAttempts > 0).length;
    const health = await fetch(`${await system.apiUrl()}/health/ready`);
    const isReported = (await health.text()).includes(`rule ${names.orderCreatedRule} is disabled`);
    say(`${failed} of ${orders} orders given up after ${sweeps} sweeps; the rule is enabled`);
    await aws.eventBridge.send(new EnableRuleCommand(rule));

    const evidence = await collectEvidence(system, placed, ablated ? { withinMs: 1_000 } : {});
    return [
      countIs('I9', `orders given up in ${sweeps} sweeps while the rule was off`, 0, failed),
      countIs('I9', 'orders that the rule has cost an attempt', 0, attempts),
      {
        id: 'I9',
        must: 'health names the rule, and the API serves',
        saw: `${health.status}, ${isReported ? 'named' : 'not named'}`,
        holds: health.status === 200 && isReported,
      },
      countIs('I9', 'orders COMPLETED', orders, evidence.orders.filter(({ status }) => status === 'COMPLETED').length),
      ...whatAlwaysHolds('I9', evidence, system),
    ];
  });
}

export const ruleOff: Trial = {
  name: 'rule-off',
  fault: 'the rule of the order queue is disabled',
  ablation: { name: ABLATION.name, breaks: 'I9' },
  run,
};
