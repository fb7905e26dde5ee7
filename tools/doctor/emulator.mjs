/** Reads the resources of an emulator or of AWS. Nothing is changed, and no message is received. */
import { inTime } from '../local/ask.mjs';
import { emulatorClient } from '../local/environment.mjs';
import { queueAttributes, ruleAttributes, tableAttributes, targetAttributes } from './template.mjs';

const DESCRIBED_WITHIN_MS = 10_000;

/**
 * Undefined when the resource does not exist.
 * @template T
 * @param {Promise<T>} asked @returns {Promise<T | undefined>}
 */
async function ifThere(asked) {
  try {
    return await inTime(asked, 'the description of a resource', DESCRIBED_WITHIN_MS);
  } catch (error) {
    if (/^(ResourceNotFound|QueueDoesNotExist)/.test(/** @type {Error} */ (error).name)) return undefined;
    throw error;
  }
}

/**
 * @param {object} wanted by name
 * @param {(name: string) => Promise<import('./template.mjs').Attributes | undefined>} read
 */
async function present(wanted, read) {
  const names = Object.keys(wanted);
  const found = await Promise.all(names.map(read));
  return Object.fromEntries(names.flatMap((name, at) => (found[at] ? [[name, found[at]]] : [])));
}

/**
 * The wanted resources that exist, and everything else on their buses.
 * @param {import('./surroundings.mjs').Access} access @param {string} region
 * @param {import('./template.mjs').Topology} wanted @returns {Promise<import('./template.mjs').Topology>}
 */
export function readTopology({ endpoint, credentials }, region, wanted) {
  return readTopologyWith({ ...emulatorClient(endpoint, credentials), region, maxAttempts: 1 }, wanted);
}

/**
 * The same with any options of SDK clients. The SDK is imported here only, so that the rest works without node_modules.
 * @param {import('./aws/reach.mjs').ClientOptions} options @param {import('./template.mjs').Topology} wanted
 * @returns {Promise<import('./template.mjs').Topology>}
 */
export async function readTopologyWith(options, wanted) {
  const [dynamo, events, sqs] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('@aws-sdk/client-eventbridge'),
    import('@aws-sdk/client-sqs'),
  ]);
  const tables = new dynamo.DynamoDBClient(options);
  const buses = new events.EventBridgeClient(options);
  const queues = new sqs.SQSClient(options);

  /** @param {string} TableName */
  const readTable = async (TableName) => {
    const found = await ifThere(tables.send(new dynamo.DescribeTableCommand({ TableName })));
    return found && tableAttributes(found.Table);
  };
  /** @param {string} QueueName */
  const readQueue = async (QueueName) => {
    const found = await ifThere(queues.send(new sqs.GetQueueUrlCommand({ QueueName })));
    const all = { QueueUrl: found?.QueueUrl, AttributeNames: [/** @type {const} */ ('All')] };
    const answer = found && (await ifThere(queues.send(new sqs.GetQueueAttributesCommand(all))));
    const attributes = Object.entries(queueAttributes(answer?.Attributes ?? {}));
    return answer && Object.fromEntries(attributes.filter(([key]) => key in (wanted.Queues[QueueName] ?? {})));
  };
  /** @param {string} Name */
  const readBus = async (Name) => (await ifThere(buses.send(new events.DescribeEventBusCommand({ Name })))) && {};

  /** @param {string} EventBusName */
  const rulesOf = async (EventBusName) => {
    const listed = await ifThere(buses.send(new events.ListRulesCommand({ EventBusName })));
    return Promise.all(
      (listed?.Rules ?? []).map(async (rule) => {
        const asked = new events.ListTargetsByRuleCommand({ EventBusName, Rule: rule.Name });
        return { rule, targets: (await ifThere(buses.send(asked)))?.Targets ?? [] };
      }),
    );
  };

  try {
    const [Tables, Queues, Bus, ofBuses] = await Promise.all([
      present(wanted.Tables, readTable),
      present(wanted.Queues, readQueue),
      present(wanted.Bus, readBus),
      Promise.all(Object.keys(wanted.Bus).map(rulesOf)),
    ]);
    const rules = ofBuses.flat();
    const targets = rules.flatMap(({ rule, targets: all }) =>
      all.map((target) => [`${rule.Name}/${target.Id}`, targetAttributes(target)]),
    );
    const Rules = Object.fromEntries(rules.map(({ rule }) => [rule.Name, ruleAttributes(rule)]));
    return { Tables, Queues, Bus, Rules, Targets: Object.fromEntries(targets) };
  } finally {
    for (const client of [tables, buses, queues]) client.destroy();
  }
}
