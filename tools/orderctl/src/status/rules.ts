import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  ListTargetsByRuleCommand,
  type DescribeEventBusCommandOutput,
} from '@aws-sdk/client-eventbridge';
import { ruleNames } from '@orderflow/contracts';
import type { EventBridge } from '@orderflow/platform/aws/clients';
import { isTopologyMissing } from '@orderflow/platform/aws/error-kind';
import type { ConnectedSystem } from '../connect.js';
import type { Noted } from './status.js';

export type BusStatus = Noted<{ name: string; found: boolean }>;
export type RuleStatus = Noted<{
  name: string;
  /** State in EventBridge, or MISSING. */
  state: string;
  /** Names of the queues or other targets. */
  targets: string[];
}>;

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isTopologyMissing(error)) return undefined;
    throw error;
  }
}

export async function readBus({ aws, names: { bus: name } }: ConnectedSystem): Promise<BusStatus> {
  const asked: Promise<DescribeEventBusCommandOutput> = aws.eventBridge.send(
    new DescribeEventBusCommand({ Name: name }),
  );
  const found = (await unlessMissing(asked)) !== undefined;
  return { name, found, ...(found ? {} : { attention: 'the bus is missing: no event can be published' }) };
}

async function readRule(eventBridge: EventBridge, bus: string, name: string): Promise<RuleStatus> {
  const rule = await unlessMissing(eventBridge.send(new DescribeRuleCommand({ EventBusName: bus, Name: name })));
  if (!rule) return { name, state: 'MISSING', targets: [] };
  const { Targets: targets = [] } = await eventBridge.send(
    new ListTargetsByRuleCommand({ EventBusName: bus, Rule: name }),
  );
  return {
    name,
    state: rule.State ?? 'UNKNOWN',
    targets: targets.map(({ Arn: arn = '' }) => arn.slice(arn.lastIndexOf(':') + 1)),
  };
}

function whatIsWrong({ state, targets }: RuleStatus): string | undefined {
  if (state === 'MISSING') return 'the rule is missing: npm run ops -- doctor has the fix';
  if (state !== 'ENABLED') return 'the rule is off: npm run ops -- doctor has the fix';
  return targets.length === 0 ? 'the rule has no target: npm run ops -- doctor has the fix' : undefined;
}

/** The rules that route events to the queues. The rule for outcomes is optional. */
export async function readRules({ aws, names }: ConnectedSystem): Promise<RuleStatus[]> {
  const { bus, orderOutcomesRule } = names;
  return Promise.all(
    ruleNames(names).map(async (name) => {
      const rule = await readRule(aws.eventBridge, bus, name);
      const leftOut = name === orderOutcomesRule && rule.state === 'MISSING';
      const attention = leftOut ? undefined : whatIsWrong(rule);
      return { ...rule, ...(leftOut ? { state: 'LEFT OUT' } : {}), attention };
    }),
  );
}
