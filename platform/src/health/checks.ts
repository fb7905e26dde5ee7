import { DescribeEventBusCommand, DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb, EventBridge, Sqs } from '../aws/clients.js';
import { isDenied } from '../aws/error-kind.js';
import { countQueue } from '../aws/queues.js';
import { toError } from '../runtime/errors.js';
import type { OutboxIndex } from '../work-item/outbox-index.js';
import { CheckError, reasonOf } from './reasons.js';

/** Throws if the dependency cannot be used. */
export type Check = () => Promise<unknown>;

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

/** `targets` are the names of queues and other resources. */
export type RuleState = { state: string; targets: string[]; problem?: string };

/** @throws ResourceNotFoundException when the rule is missing */
export async function readRule(eventBridge: EventBridge, { bus, rule, queue }: RuleRef): Promise<RuleState> {
  const [{ State: state = 'UNKNOWN' }, { Targets: found = [] }] = await Promise.all([
    eventBridge.send(new DescribeRuleCommand({ EventBusName: bus, Name: rule })),
    eventBridge.send(new ListTargetsByRuleCommand({ EventBusName: bus, Rule: rule })),
  ]);
  const targets = found.map(({ Arn: arn = '' }) => arn.slice(arn.lastIndexOf(':') + 1));
  if (!state.startsWith('ENABLED')) return { state, targets, problem: `rule ${rule} is ${state.toLowerCase()}` };
  if (!targets.includes(queue)) return { state, targets, problem: `rule ${rule} has no target ${queue}` };
  return { state, targets };
}

export function ruleCheck(eventBridge: EventBridge, ref: RuleRef): Check {
  return async () => {
    const { problem } = await described(readRule(eventBridge, ref));
    if (problem !== undefined) throw new CheckError(problem);
  };
}

/** A working sweeper handles a due marker within seconds. */
export const OVERDUE_AFTER_MS = 15_000;

export type OutboxState = {
  /** Items with a marker. */
  markers: number;
  /** Items with a due marker. */
  due: number;
  /** How long the oldest has been due. Absent without due markers. */
  oldestDueMs?: number;
  problem?: string;
};

/** Counts the markers of a table, from its eventually consistent index. */
export async function readOutbox(index: OutboxIndex, now: number, toleranceMs: number): Promise<OutboxState> {
  const markers = await index.count();
  const due = markers === 0 ? 0 : await index.count(now);
  if (due === 0) return { markers, due };
  const oldestDueMs = Math.max(0, now - (await index.oldestDueAt()));
  const overdue = oldestDueMs <= toleranceMs ? 0 : await index.count(now - toleranceMs);
  if (overdue === 0) return { markers, due, oldestDueMs };
  const count = overdue === 1 ? '1 marker is overdue' : `${overdue} markers are overdue`;
  return { markers, due, oldestDueMs, problem: `${count}, by up to ${Math.round(oldestDueMs / 1_000)} s` };
}

/**
 * A worker does not need the permission to describe the bus and its rules. If it is missing, readiness says so, but it does
 * not count as an outage.
 */
async function described<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw isDenied(error) ? new NotDescribedError(error) : error;
  }
}

export class NotDescribedError extends CheckError {
  override readonly name = 'NotDescribedError';

  constructor(denial: unknown) {
    // Not as the cause: a denial counts as an outage.
    const { name, message } = toError(denial);
    super(`${name}: ${message}`, reasonOf(denial));
  }
}
