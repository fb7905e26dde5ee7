/** Reads an emulator's state. Nothing is changed, and no message is received. */
import { emulatorClient } from '../local/environment.mjs';
import { inTime } from '../local/ask.mjs';
import { queueAttributes, ruleAttributes, tableAttributes, targetAttributes } from './template.mjs';

/**
 * @typedef {import('./template.mjs').Attributes} Attributes
 * @typedef {import('./template.mjs').Resources} Resources
 * @typedef {import('./template.mjs').Topology} Topology
 */

/**
 * The queries to AWS. The SDK is imported here only, so that the rest works without node_modules.
 * @param {import('./surroundings.mjs').Access} access @param {string} region
 */
export async function openEmulator({ endpoint, credentials }, region) {
  const [dynamo, events, sqs] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('@aws-sdk/client-eventbridge'),
    import('@aws-sdk/client-sqs'),
  ]);
  const options = { ...emulatorClient(endpoint, credentials), region, maxAttempts: 1 };
  const tables = new dynamo.DynamoDBClient(options);
  const bus = new events.EventBridgeClient(options);
  const queues = new sqs.SQSClient(options);

  /**
   * Undefined when the resource does not exist.
   * @template T
   * @param {Promise<T>} asked @returns {Promise<T | undefined>}
   */
  async function ifThere(asked) {
    try {
      return await inTime(asked, 'the emulator');
    } catch (error) {
      if (/^(ResourceNotFound|QueueDoesNotExist)/.test(/** @type {Error} */ (error).name)) return undefined;
      throw error;
    }
  }

  /** @param {string} name */
  async function table(name) {
    const found = await ifThere(tables.send(new dynamo.DescribeTableCommand({ TableName: name })));
    return found && tableAttributes(found.Table);
  }

  /** @param {string} name @param {string[]} attributes */
  async function queue(name, attributes) {
    const found = await ifThere(queues.send(new sqs.GetQueueUrlCommand({ QueueName: name })));
    if (!found) return undefined;
    const answer = await ifThere(
      queues.send(new sqs.GetQueueAttributesCommand({ QueueUrl: found.QueueUrl, AttributeNames: ['All'] })),
    );
    const all = Object.entries(queueAttributes(answer?.Attributes ?? {}));
    return answer && Object.fromEntries(all.filter(([key]) => attributes.includes(key)));
  }

  /** @param {string} name */
  async function rulesOf(name) {
    const listed = await ifThere(bus.send(new events.ListRulesCommand({ EventBusName: name })));
    return Promise.all(
      (listed?.Rules ?? []).map(async (rule) => {
        const answer = await ifThere(
          bus.send(new events.ListTargetsByRuleCommand({ EventBusName: name, Rule: rule.Name })),
        );
        return { rule, targets: answer?.Targets ?? [] };
      }),
    );
  }

  /**
   * @param {string[]} names @param {(name: string) => Promise<Attributes | undefined>} read
   * @returns {Promise<Resources>}
   */
  async function present(names, read) {
    const found = await Promise.all(names.map(async (name) => /** @type {const} */ ([name, await read(name)])));
    return Object.fromEntries(found.flatMap(([name, attributes]) => (attributes ? [[name, attributes]] : [])));
  }

  return {
    /**
     * The wanted resources that exist, and everything else on their buses.
     * @param {Topology} wanted @returns {Promise<Topology>}
     */
    async topology(wanted) {
      const [Tables, Queues, Bus, rules] = await Promise.all([
        present(Object.keys(wanted.Tables), table),
        present(Object.keys(wanted.Queues), (name) => queue(name, Object.keys(wanted.Queues[name] ?? {}))),
        present(Object.keys(wanted.Bus), async (name) =>
          (await ifThere(bus.send(new events.DescribeEventBusCommand({ Name: name })))) ? {} : undefined,
        ),
        Promise.all(Object.keys(wanted.Bus).map(rulesOf)),
      ]);
      return {
        ...{ Tables, Queues, Bus },
        Rules: Object.fromEntries(rules.flat().map(({ rule }) => [rule.Name, ruleAttributes(rule)])),
        Targets: Object.fromEntries(
          rules
            .flat()
            .flatMap(({ rule, targets }) =>
              targets.map((target) => [`${rule.Name}/${target.Id}`, targetAttributes(target)]),
            ),
        ),
      };
    },

    close() {
      for (const client of [tables, bus, queues]) client.destroy();
    },
  };
}
