import type { ResourceNames } from '@orderflow/contracts';
import type { DynamoDb, EventBridge, Sqs } from '@orderflow/platform/aws/clients';

export const TARGETS = ['fake', 'MiniStack', 'LocalStack'] as const;
export type TargetName = (typeof TARGETS)[number];

/** What stands in for AWS, with the template deployed. */
export type Target = {
  name: TargetName;
  dynamo: DynamoDb;
  sqs: Sqs;
  eventBridge: EventBridge;
  names: ResourceNames;
  /** Deploys the template once more and tells what was said of it. The fake has no deployment. */
  deployAgain?: () => Promise<string>;
  dispose(): Promise<void>;
};

/** One thing that the system, or a test of it, relies on: what is seen, in words that can stand in a table. */
export type ConformanceCase = {
  group: string;
  name: string;
  /** What AWS documents of it; absent where its pages are silent. */
  aws?: string;
  /** What every target shows that is not in `differs`. */
  expected: string;
  differs?: Partial<Record<TargetName, { shows: string; why: string }>>;
  /** @param id unlike that of any other case and run */
  observe(target: Target, id: string): Promise<string>;
};

export function declaredFor({ expected, differs }: ConformanceCase, target: TargetName): string {
  return differs?.[target]?.shows ?? expected;
}

/** The name of the error that a call ends with, or `accepted`. */
export async function verdictOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as Error).name;
  }
  return 'accepted';
}
