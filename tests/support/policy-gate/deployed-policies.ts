import * as yaml from 'yaml';
import { describeStack } from '../../../tools/doctor/stack.mjs';
import type { Credentials } from '../../../tools/local/environment.mjs';
import { readResources } from '../../../tools/template.mjs';
import { readPolicy, type Rule } from './evaluate.js';

type Policy = { ManagedPolicyName: string; PolicyDocument: unknown };

/**
 * The policies of a deployed stage, by the name of their service, or `operator`. They come from the template and the
 * parameters that CloudFormation returns for the stack.
 */
export async function readDeployedPolicies(
  access: { endpoint: string; credentials: Credentials },
  stage: string,
): Promise<Record<string, Rule[]>> {
  const stack = await describeStack(access, `orderflow-${stage}`);
  if (!stack) throw new Error(`the stack orderflow-${stage} does not exist`);
  const { managedPolicies } = readResources(stack.template, stack, yaml);
  return Object.fromEntries(
    (managedPolicies as Policy[]).map(({ ManagedPolicyName: name, PolicyDocument: document }) => [
      name.slice(`${stage}-`.length, -`-${stack.region}`.length),
      readPolicy(document),
    ]),
  );
}
