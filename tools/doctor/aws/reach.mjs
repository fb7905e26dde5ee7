/** Client options for AWS, and the AWS CLI commands for the same account and region. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';

/**
 * @typedef {{ stage: string, region: string, account: string, endpoint?: string | undefined }} Place
 * `endpoint` only for an emulator
 * @typedef {{ region: string, credentials: import('../../local/environment.mjs').Credentials, endpoint?: string, maxAttempts: number }} ClientOptions
 */

const ATTEMPTS = 3;

/** The stacks of a stage. All but the topology are optional. */
export const STACKS = /** @type {const} */ ([
  { part: 'topology', suffix: '', template: 'infrastructure/template.yaml' },
  { part: 'services', suffix: '-services', template: 'infrastructure/services.yaml' },
  { part: 'scaling', suffix: '-scaling', template: 'infrastructure/scaling.yaml' },
  { part: 'alarms', suffix: '-alarms', template: 'infrastructure/alarms.yaml' },
]);

/** @param {string} stage @param {typeof STACKS[number]} stack */
export const stackName = (stage, { suffix }) => `orderflow-${stage}${suffix}`;

/**
 * Options for all clients. Resolves region and credentials once, in the usual order of AWS tools: variables, profile,
 * SSO, role of the machine.
 * @param {{ region?: string | undefined, endpoint?: string | undefined }} given @param {NodeJS.ProcessEnv} env
 * @returns {Promise<ClientOptions>}
 */
export async function reachAws({ region, endpoint }, env) {
  // The AWS CLI reads AWS_DEFAULT_REGION, the SDK does not.
  const named = region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || undefined);
  const client = new CloudFormationClient(named ? { region: named } : {});
  try {
    return {
      region: await client.config.region(),
      credentials: await client.config.credentials(),
      maxAttempts: ATTEMPTS,
      ...(endpoint ? { endpoint } : {}),
    };
  } finally {
    client.destroy();
  }
}

/** @param {Place} place */
export function commandsFor({ stage, region, account, endpoint }) {
  const aws = (/** @type {string} */ step) =>
    `aws ${endpoint ? `--endpoint-url ${endpoint} ` : ''}--region ${region} ${step}`;
  const host = endpoint ?? `https://sqs.${region}.amazonaws.com`;
  return {
    aws,
    queueUrl: (/** @type {string} */ queue) => `${host}/${account}/${queue}`,
    /** Parameters that are not named keep their values. */
    deploy: (/** @type {typeof STACKS[number]} */ stack) =>
      aws(
        `cloudformation deploy --stack-name ${stackName(stage, stack)} --template-file ${stack.template} ` +
          `--capabilities CAPABILITY_NAMED_IAM --parameter-overrides Stage=${stage}`,
      ),
  };
}
