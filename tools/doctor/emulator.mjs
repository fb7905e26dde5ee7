/** Reads the resources of an emulator or of AWS. Nothing is changed, and no message is received. */
import { inTime } from '../local/ask.mjs';
import { emulatorClient } from '../local/environment.mjs';
import { busAttributes, queueAttributes, ruleAttributes, tableAttributes, targetAttributes } from './template.mjs';

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
 * The same with any options of SDK clients. Only this function imports the SDK, so the rest works without node_modules.
 * @param {import('./aws/reach.mjs').ClientOptions} options @param {import('./template.mjs').Topology} wanted
 * @param {(error: unknown) => void} [rulesAreDenied] is called when the other rules of a bus may not be listed
 * @returns {Promise<import('./template.mjs').Topology>}
 */
export async function readTopologyWith(options, wanted, rulesAreDenied) {
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
    const [found, expiry] = await Promise.all([
      ifThere(tables.send(new dynamo.DescribeTableCommand({ TableName }))),
      ifThere(tables.send(new dynamo.DescribeTimeToLiveCommand({ TableName }))),
    ]);
    const { TimeToLiveStatus: status = '', AttributeName } = expiry?.TimeToLiveDescription ?? {};
    const TimeToLiveSpecification = { AttributeName, Enabled: status.startsWith('ENABL') };
    return found && tableAttributes({ ...found.Table, TimeToLiveSpecification });
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
  const readBus = async (Name) => {
    const found = await ifThere(buses.send(new events.DescribeEventBusCommand({ Name })));
    return found && busAttributes(found);
  };

  /**
   * All rules of a bus. IAM grants ListRules for every bus or for none, so operators may not call it on AWS and see
   * only the wanted rules.
   * @param {string} EventBusName
   */
  const listRules = async (EventBusName) => {
    try {
      return (await ifThere(buses.send(new events.ListRulesCommand({ EventBusName }))))?.Rules ?? [];
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'AccessDeniedException') throw error;
      rulesAreDenied?.(error);
      const asked = Object.keys(wanted.Rules).map((Name) => new events.DescribeRuleCommand({ EventBusName, Name }));
      const found = await Promise.all(asked.map((command) => ifThere(buses.send(command))));
      return found.filter((rule) => rule !== undefined);
    }
  };
  /** @param {string} EventBusName */
  const rulesOf = async (EventBusName) => {
    return Promise.all(
      (await listRules(EventBusName)).map(async (rule) => {
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
