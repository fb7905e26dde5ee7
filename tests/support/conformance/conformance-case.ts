import type { ResourceNames } from '@orderflow/contracts';
import type { DynamoDb, EventBridge, Sqs } from '@orderflow/platform/aws/clients';

export const TARGETS = ['fake', 'MiniStack', 'LocalStack'] as const;
export type TargetName = (typeof TARGETS)[number];

/** A substitute for AWS with the template deployed. */
export type Target = {
  name: TargetName;
  dynamo: DynamoDb;
  sqs: Sqs;
  eventBridge: EventBridge;
  names: ResourceNames;
  /** Deploys the template again and returns the output. The fake has no deployment. */
  deployAgain?: () => Promise<string>;
  dispose(): Promise<void>;
};

/** A behaviour that the system or a test relies on, observed as text for a table. */
export type ConformanceCase = {
  group: string;
  name: string;
  /** What AWS documents, if anything. */
  aws?: string;
  /** The result of every target that is not in `differs`. */
  expected: string;
  differs?: Partial<Record<TargetName, { shows: string; why: string }>>;
  /** @param id unique to this case and run */
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
