/** The rehearsal's calls to CloudFormation, ECS and CloudWatch Logs in the emulator. */
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeServicesCommand, ECSClient, ListTasksCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { createStackReader } from '../doctor/aws/stack.mjs';
import { request } from '../local/ask.mjs';
import { LocalError } from '../local/fail.mjs';
import { poll } from '../local/patience.mjs';

const REGION = 'us-east-1';
const DEPLOYED_WITHIN_MS = 180_000;
const STEADY_WITHIN_MS = 180_000;

/** @typedef {ReturnType<typeof connectAws>} Aws */

/** @param {string} endpoint @param {import('../local/environment.mjs').Credentials} credentials @param {AbortSignal} signal */
export function connectAws(endpoint, credentials, signal) {
  const options = { endpoint, credentials, region: REGION, maxAttempts: 2 };
  const cloudFormation = new CloudFormationClient(options);
  const ecs = new ECSClient(options);
  const reader = createStackReader(options);

  /** @param {string} cluster @param {string[]} services */
  const describe = async (cluster, services) =>
    (await ecs.send(new DescribeServicesCommand({ cluster, services }))).services ?? [];

  return {
    /**
     * Creates or updates a stack. @param {string} StackName @param {string} TemplateBody
     * @param {Record<string, string>} parameters @returns {Promise<Record<string, string>>} its outputs
     */
    async deploy(StackName, TemplateBody, parameters) {
      const Parameters = Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ...{ ParameterKey, ParameterValue },
      }));
      const change = {
        StackName,
        TemplateBody,
        Parameters,
        Capabilities: [/** @type {const} */ ('CAPABILITY_NAMED_IAM')],
      };
      const exists = (await reader.stack(StackName)) !== undefined;
      if (exists) await cloudFormation.send(new UpdateStackCommand(change));
      else await cloudFormation.send(new CreateStackCommand(change));
      const ended = async () => {
        const stack = await reader.stack(StackName);
        return stack && !stack.status.endsWith('_IN_PROGRESS') && stack.status;
      };
      const status = await poll(ended, DEPLOYED_WITHIN_MS, { signal });
      if (status !== (exists ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE')) {
        const reason = await reader.failure(StackName);
        throw new LocalError(`${StackName}: ${status || 'still in progress'}; ${reason}`, 'correct the template.');
      }
      const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
      const outputs = (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [
        OutputKey,
        OutputValue,
      ]);
      return Object.fromEntries(outputs);
    },

    /** @param {string} cluster @param {string} service @param {number} desiredCount */
    async scale(cluster, service, desiredCount) {
      await ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount }));
    },

    /** Waits until each service has all its tasks, from its last deployment. @param {string} cluster @param {string[]} names */
    async untilSteady(cluster, names) {
      const steady = async () => {
        const services = await describe(cluster, names);
        const isSteady = services.every(
          ({ desiredCount, runningCount, deployments = [] }) =>
            desiredCount === runningCount && deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED',
        );
        return isSteady && services.map(({ serviceName, runningCount }) => `${serviceName} ${runningCount}`).join(', ');
      };
      const found = await poll(steady, STEADY_WITHIN_MS, { everyMs: 500, signal });
      if (found) return found;
      const services = await describe(cluster, names);
      const state = services.map(
        ({ serviceName, desiredCount, runningCount, deployments, events }) =>
          `${serviceName}: ${runningCount} of ${desiredCount}, ${deployments?.map(({ rolloutState }) => rolloutState)}, ${events?.[0]?.message}`,
      );
      throw new LocalError(`The services did not become steady:\n${state.join('\n')}`, 'see the logs above.');
    },

    /** The ids of the service's tasks. @param {string} cluster @param {string} serviceName */
    async runningTasks(cluster, serviceName) {
      const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName }));
      return taskArns.map((arn) => arn.split('/').at(-1) ?? arn);
    },

    /** The lines of each log stream. The emulator does not check the dummy signature. @param {string} group */
    async logs(group) {
      /** @type {Record<string, string[]>} */
      const streams = {};
      let nextToken;
      do {
        const answer = await request(endpoint, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-amz-json-1.1',
            'x-amz-target': 'Logs_20140328.FilterLogEvents',
            authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20260101/${REGION}/logs/aws4_request, SignedHeaders=host, Signature=none`,
          },
          body: JSON.stringify({ logGroupName: group, nextToken }),
        });
        if (answer?.status !== 200) throw new Error(`no log of ${group}: ${answer?.status} ${answer?.body}`);
        /** @type {{ events: { logStreamName: string, message: string }[], nextToken?: string }} */
        const page = JSON.parse(answer.body);
        for (const { logStreamName, message } of page.events) (streams[logStreamName] ??= []).push(message);
        ({ nextToken } = page);
      } while (nextToken);
      return streams;
    },
    close() {
      for (const client of [cloudFormation, ecs, reader]) 'close' in client ? client.close() : client.destroy();
    },
  };
}
