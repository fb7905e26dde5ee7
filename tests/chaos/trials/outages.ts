import { setTimeout as pause } from 'node:timers/promises';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { eventually } from '@orderflow/testing/eventually';
import type { AwsService } from '../../support/faulty-network/aws-json.js';
import type { Fault } from '../../support/faulty-network/faults.js';
import { ANSWER_WITHIN_MS, AWAY, countDeadLetters, OUTAGES, RECOVER_WITHIN_MS } from '../../support/outages.js';
import { withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import { whatAlwaysHolds } from '../support/checks.js';
import { collectEvidence, readTable } from '../support/evidence.js';
import { placeOrders, type Placed } from '../support/load.js';
import { countTroubleLines } from '../support/log-lines.js';
import { atMost, countIs, noneIs, type Check, type Trial } from '../trial.js';

type Outage = { services: AwsService[]; fault: Fault };

const ALL: AwsService[] = ['DynamoDB', 'SQS', 'EventBridge'];
const EVERY_OUTAGE: Outage[] = [...Object.values(AWAY), { kind: 'throttle' } as const].flatMap((fault) =>
  OUTAGES.map((services) => ({ services, fault })),
);
/** The integration tests cover every error; here is one of each kind. */
const SOME: Outage[] = [
  { services: ['DynamoDB'], fault: { kind: 'black-hole' } },
  { services: ['EventBridge'], fault: { kind: 'error-500' } },
  { services: ALL, fault: { kind: 'refuse' } },
];
/** Only a call without any answer needs a timeout. */
const ABLATED: Outage[] = [{ services: ['DynamoDB'], fault: { kind: 'black-hole' } }];

const LASTS_MS = { full: 6_000, ci: 2_000 } as const;
/** Longer than any allowed answer time. */
const ABLATED_LASTS_MS = 5_000;
const ORDERS_PER_SECOND = 5;
const LINES_PER_SECOND = 2;
/** A client that waits this long has been left without an answer. */
const HANGS_MS = 10_000;

type Seen = { name: string; placed: Placed[]; metFaults: number; lines: number; lastedMs: number; recoveredMs: number };

async function untilEnded(system: ChaosSystem, placed: readonly Placed[]): Promise<void> {
  await eventually(
    async () => {
      const stored = await readTable<OrderRecord>(system.operator, system.operator.names.ordersTable);
      const ended = new Set(
        stored.filter(({ failure, status }) => failure ?? status === 'COMPLETED').map((o) => o.orderId),
      );
      return placed.every(({ outcome, orderId = '' }) => outcome !== 'ok' || ended.has(orderId));
    },
    'the end of all accepted orders',
    3 * RECOVER_WITHIN_MS,
  );
}

/** Places orders before and during an outage. After it, all accepted orders must end. */
async function suffer(
  system: ChaosSystem,
  { services, fault }: Outage,
  lastsMs: number,
  firstIndex: number,
): Promise<Seen> {
  const baseUrl = await system.apiUrl();
  const load = { baseUrl, ratePerSecond: ORDERS_PER_SECOND, concurrency: 100, timeoutMs: HANGS_MS };
  const linesBefore = await countTroubleLines(system);
  const metBefore = system.network.applied().get(fault.kind) ?? 0;
  // Work in progress meets the outage, too.
  const early = await placeOrders({ ...load, count: 3, firstIndex });
  const startedAt = performance.now();
  system.network.inject(fault, ...services);
  const late = placeOrders({
    ...load,
    count: Math.ceil((lastsMs / 1_000) * ORDERS_PER_SECOND),
    firstIndex: firstIndex + 3,
  });
  await pause(lastsMs);
  const metFaults = (system.network.applied().get(fault.kind) ?? 0) - metBefore;
  system.network.heal();
  const healedAt = performance.now();
  const placed = [...early, ...(await late)];
  await untilEnded(system, placed);
  const recoveredAt = performance.now();
  return {
    name: `${services.join(', ')}: ${fault.kind}`,
    placed,
    metFaults,
    lines: (await countTroubleLines(system)) - linesBefore,
    lastedMs: recoveredAt - startedAt,
    recoveredMs: recoveredAt - healedAt,
  };
}

function checksOf(outages: readonly Seen[]): Check[] {
  const worst = (of: (seen: Seen) => number) => Math.max(...outages.map(of));
  const requests = outages.flatMap(({ placed }) => placed);
  const needless = outages
    .filter(({ name }) => !name.includes('DynamoDB'))
    .flatMap(({ placed }) => placed.filter(({ outcome }) => outcome !== 'ok'));
  return [
    countIs('I9', 'outages that met a call', outages.length, outages.filter(({ metFaults }) => metFaults > 0).length),
    atMost(
      'I9',
      'slowest answer of the API',
      ANSWER_WITHIN_MS / 1_000,
      Math.max(...requests.map(({ tookMs }) => tookMs)) / 1_000,
      ' s',
    ),
    noneIs('I9', 'requests without an answer', requests, ({ status }) => status === undefined),
    countIs('I9', 'requests not accepted although DynamoDB was there', 0, needless.length),
    atMost(
      'I9',
      'log lines about the outage per second',
      LINES_PER_SECOND,
      worst(({ lines, lastedMs }) => (lines * 1_000) / lastedMs),
    ),
    atMost(
      'I9',
      'recovery after the outage',
      RECOVER_WITHIN_MS / 1_000,
      worst(({ recoveredMs }) => recoveredMs) / 1_000,
      ' s',
    ),
  ];
}

export const outages: Trial = {
  name: 'outages',
  fault: 'DynamoDB, SQS, EventBridge, or all of them: refused, black-holed, too slow, answering 500, throttling',
  ablation: { name: 'no-request-timeout', breaks: 'I9' },
  run: async ({ seed, size, emulator, ablated, say }) => {
    const list = ablated ? ABLATED : size === 'full' ? EVERY_OUTAGE : SOME;
    const chaos = {
      seed,
      emulator,
      fulfilmentDelayMs: 500,
      // A backlog may not delay the sweeper for longer than an outage lasts.
      env: { QUEUE_GRACE_MS: '500' },
      ...(ablated ? { envOf: { 'api-gateway': { AWS_REQUEST_TIMEOUT_MS: '60000' } } } : {}),
    };
    return withChaosSystem(chaos, async (system) => {
      const seen: Seen[] = [];
      for (const [index, outage] of list.entries()) {
        const result = await suffer(system, outage, ablated ? ABLATED_LASTS_MS : LASTS_MS[size], index * 1_000);
        const slowestMs = Math.max(...result.placed.map(({ tookMs }) => tookMs));
        say(
          `${result.name}: ${result.metFaults} calls met it, slowest answer ${Math.round(slowestMs)} ms, ${result.lines} log lines in ${Math.round(result.lastedMs)} ms, recovered after ${Math.round(result.recoveredMs)} ms`,
        );
        seen.push(result);
      }
      const evidence = await collectEvidence(
        system,
        seen.flatMap(({ placed }) => placed),
        { withinMs: 30_000 },
      );
      return [
        ...checksOf(seen),
        countIs('I9', 'dead letters', 0, await countDeadLetters(system.operator)),
        ...whatAlwaysHolds('I9', evidence, system),
      ];
    });
  },
};
