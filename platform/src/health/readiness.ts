import { DescribeEventBusCommand, DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb, EventBridge, Sqs } from '../aws/clients.js';
import { isDenied, isUnavailable } from '../aws/error-kind.js';
import { countQueue } from '../aws/queue-counts.js';
import type { MonotonicClock, Stopwatch } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import { within } from '../runtime/within.js';

/** Throws if the dependency cannot be used. */
export type Check = () => Promise<unknown>;

type CheckResult = { status: 'up' } | { status: 'down'; reason: string };

export type CheckReport = { ok: boolean; checks: Record<string, CheckResult> };

/** Reads a key that does not exist: unlike DescribeTable it uses the same path as the real work. */
export function tableCheck(dynamo: DynamoDb, { name, key }: { name: string; key: string }): Check {
  return () => dynamo.send(new GetCommand({ TableName: name, Key: { [key]: 'health-check' } }));
}

export function queueCheck(sqs: Sqs, queueUrl: () => Promise<string>): Check {
  return async () => countQueue(sqs, await queueUrl());
}

export function busCheck(eventBridge: EventBridge, bus: string): Check {
  return () => described(eventBridge.send(new DescribeEventBusCommand({ Name: bus })));
}

/** A rule sends events to its queue. When it is disabled or has no such target, it drops events without an error. */
export type RuleRef = { bus: string; rule: string; queue: string };

export function ruleCheck(eventBridge: EventBridge, { bus, rule, queue }: RuleRef): Check {
  return async () => {
    const [{ State: state = 'unknown' }, { Targets: targets = [] }] = await described(
      Promise.all([
        eventBridge.send(new DescribeRuleCommand({ EventBusName: bus, Name: rule })),
        eventBridge.send(new ListTargetsByRuleCommand({ EventBusName: bus, Rule: rule })),
      ]),
    );
    if (!state.startsWith('ENABLED')) throw new Error(`rule ${rule} is ${state.toLowerCase()}`);
    if (!targets.some(({ Arn: arn }) => arn?.endsWith(`:${queue}`))) {
      throw new Error(`rule ${rule} has no target ${queue}`);
    }
  };
}

/**
 * A worker does not need the permission to describe the bus and its rules. If it is missing, readiness says so, but it does
 * not count as an outage.
 */
async function described<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isDenied(error)) throw error;
    const { name, message } = toError(error);
    throw new NotDescribedError(`${name}: ${message}`);
  }
}

export class NotDescribedError extends Error {
  override readonly name = 'NotDescribedError';
}

/** The first line of an error, without the SDK's request details. */
function reasonOf(thrown: unknown): string {
  const { name, message } = toError(thrown);
  return `${name}: ${message.split('\n')[0] ?? ''}`.slice(0, 200);
}

type CheckOptions = { timeoutMs?: number; monotonic: MonotonicClock };

/** Runs one check, which fails if it does not end in time. */
async function runCheck(check: Check, { timeoutMs = 2_000, monotonic }: CheckOptions): Promise<void> {
  await within(check(), {
    ms: timeoutMs,
    monotonic,
    onLate: () => {
      throw Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: 'TimeoutError' });
    },
  });
}

/** Runs all checks at once. A report is cached for `cacheMs`. */
export function createReadiness(
  checks: Record<string, Check>,
  { cacheMs = 5_000, ...options }: CheckOptions & { cacheMs?: number },
): () => Promise<CheckReport> {
  let cached: { ageMs: Stopwatch; report: Promise<CheckReport> } | undefined;

  async function runAll(): Promise<CheckReport> {
    const entries = await Promise.all(
      Object.entries(checks).map(async ([name, check]): Promise<[string, CheckResult]> => {
        try {
          await runCheck(check, options);
          return [name, { status: 'up' }];
        } catch (error) {
          return [name, { status: 'down', reason: reasonOf(error) }];
        }
      }),
    );
    return { ok: entries.every(([, { status }]) => status === 'up'), checks: Object.fromEntries(entries) };
  }

  return () => {
    if (!cached || cached.ageMs() >= cacheMs) {
      cached = { ageMs: options.monotonic.startStopwatch(), report: runAll() };
    }
    return cached.report;
  };
}

/**
 * For the breaker: runs all checks at once, uncached. Only an outage counts. A disabled rule, for example, does not stop
 * the work that is already in the queue; readiness reports it.
 * @throws the first outage
 */
export async function probeAll(checks: Record<string, Check>, options: CheckOptions): Promise<void> {
  await Promise.all(
    Object.values(checks).map(async (check) => {
      try {
        await runCheck(check, options);
      } catch (error) {
        if (isUnavailable(error)) throw error;
      }
    }),
  );
}
