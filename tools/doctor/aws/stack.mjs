/** Reads stacks from CloudFormation. */
import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';

/**
 * @typedef {{ status: string, parameters: Record<string, string>, region: string, account: string }} Stack
 * @typedef {{
 *   stack: (name: string) => Promise<Stack | undefined>,
 *   template: (name: string) => Promise<string>,
 *   failure: (name: string) => Promise<string | undefined>,
 * }} StackReader
 */

/** A page has 100 events, and a deployment of one stack a few hundred. */
const MAX_PAGES = 10;

/** @param {import('@aws-sdk/client-cloudformation').StackEvent} event */
const beginsOperation = ({ ResourceType, ResourceStatus }) =>
  ResourceType === 'AWS::CloudFormation::Stack' &&
  /^(CREATE|UPDATE|DELETE|IMPORT)_IN_PROGRESS$/.test(ResourceStatus ?? '');

/**
 * The first failure of the last operation, such as `OrderQueue: Resource handler returned …`. Later ones follow from it.
 * @param {import('@aws-sdk/client-cloudformation').StackEvent[]} events the newest first
 * @returns {string | undefined}
 */
export function firstFailure(events) {
  const start = events.findIndex(beginsOperation);
  const last = start === -1 ? events : events.slice(0, start);
  const failed = last.filter(
    ({ ResourceStatus, ResourceStatusReason }) =>
      ResourceStatus?.endsWith('_FAILED') && !/cancelled/i.test(ResourceStatusReason ?? ''),
  );
  const first = failed.at(-1);
  return first && `${first.LogicalResourceId}: ${first.ResourceStatusReason ?? first.ResourceStatus}`;
}

/** @param {import('./reach.mjs').ClientOptions} options @returns {StackReader & { close: () => void }} */
export function createStackReader(options) {
  const client = new CloudFormationClient(options);
  return {
    stack: async (StackName) => {
      try {
        const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
        const [found] = Stacks;
        if (!found) return undefined;
        const [, , , region = '', account = ''] = (found.StackId ?? '').split(':');
        const pairs = (found.Parameters ?? []).map(({ ParameterKey = '', ParameterValue = '' }) => [
          ParameterKey,
          ParameterValue,
        ]);
        return { status: found.StackStatus ?? '', parameters: Object.fromEntries(pairs), region, account };
      } catch (error) {
        if (/does not exist/.test(/** @type {Error} */ (error).message)) return undefined;
        throw error;
      }
    },
    template: async (StackName) => {
      const answer = await client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
      return answer.TemplateBody ?? '';
    },
    failure: async (StackName) => {
      const events = [];
      let NextToken;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        /** @type {import('@aws-sdk/client-cloudformation').DescribeStackEventsCommandOutput} */
        const answer = await client.send(
          new DescribeStackEventsCommand({ StackName, ...(NextToken ? { NextToken } : {}) }),
        );
        events.push(...(answer.StackEvents ?? []));
        NextToken = answer.NextToken;
        if (!NextToken || events.some(beginsOperation)) break;
      }
      return firstFailure(events);
    },
    close: () => {
      client.destroy();
    },
  };
}
