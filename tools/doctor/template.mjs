/** Resources of the template or of an emulator, with attributes as text so that they can be compared. */
// `any`, because a template is arbitrary YAML and the SDK's descriptions are read by the same functions.
import { readResources } from '../template.mjs';

/**
 * @typedef {Record<string, string>} Attributes
 * @typedef {Record<string, Attributes>} Resources by name
 * @typedef {'Tables' | 'Queues' | 'Bus' | 'Rules' | 'Targets'} Kind
 * @typedef {Record<Kind, Resources>} Topology targets are named rule/id
 */

/** @type {Kind[]} */
export const KINDS = ['Tables', 'Queues', 'Bus', 'Rules', 'Targets'];

/** The queue attributes that are compared. */
const QUEUE_ATTRIBUTES = [
  ...['VisibilityTimeout', 'MessageRetentionPeriod', 'RedrivePolicy', 'RedriveAllowPolicy'],
  ...['SqsManagedSseEnabled', 'KmsMasterKeyId', 'Policy'],
];

/** @param {any} value @param {(leaf: any) => any} read @returns {any} */
function sorted(value, read) {
  if (Array.isArray(value)) return value.map((inner) => sorted(inner, read));
  if (value === null || typeof value !== 'object') return read(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner, read)]));
}

/**
 * Returns equal text for equal values: key order does not matter, and a number equals its text.
 * @param {any} value
 */
export function canonical(value) {
  return typeof value === 'object' ? JSON.stringify(sorted(value, String)) : String(value);
}

/** The attributes of a table that a deployment changes in place. */
export const IN_PLACE = /** @type {const} */ ({ ttl: 'time to live', protection: 'deletion protection' });

/**
 * @param {any} table from CloudFormation, or from DescribeTable and DescribeTimeToLive
 * @returns {Attributes}
 */
export function tableAttributes({ KeySchema, AttributeDefinitions, GlobalSecondaryIndexes = [], ...table }) {
  const key = (/** @type {any[]} */ schema) =>
    schema
      .map(({ AttributeName, KeyType }) => {
        const type = AttributeDefinitions.find((/** @type {any} */ one) => one.AttributeName === AttributeName);
        return `${AttributeName} ${KeyType} ${type?.AttributeType}`;
      })
      .join(', ');
  const indexes = GlobalSecondaryIndexes.map((/** @type {any} */ index) => [
    `index ${index.IndexName}`,
    `${key(index.KeySchema)}, ${index.Projection.ProjectionType}`,
  ]);
  const encryptionKey = table.SSESpecification?.KMSMasterKeyId ?? table.SSEDescription?.KMSMasterKeyArn;
  const ttl = table.TimeToLiveSpecification?.Enabled ? table.TimeToLiveSpecification.AttributeName : undefined;
  return {
    key: key(KeySchema),
    ...Object.fromEntries(indexes),
    [IN_PLACE.protection]: String(table.DeletionProtectionEnabled ?? false),
    ...(ttl && { [IN_PLACE.ttl]: ttl }),
    ...(encryptionKey && { 'encryption key': encryptionKey }),
  };
}

/** @param {any} queue its attributes; a text may be JSON @returns {Attributes} */
export function queueAttributes(queue) {
  const value = (/** @type {any} */ given) =>
    canonical(typeof given === 'string' && given.startsWith('{') ? JSON.parse(given) : given);
  const set = QUEUE_ATTRIBUTES.filter((name) => queue[name] !== undefined);
  return Object.fromEntries(set.map((name) => [name, value(queue[name])]));
}

/** @param {any} bus from CloudFormation or DescribeEventBus @returns {Attributes} */
export function busAttributes({ KmsKeyIdentifier }) {
  return KmsKeyIdentifier ? { 'encryption key': KmsKeyIdentifier } : {};
}

/** @param {any} rule @returns {Attributes} */
export function ruleAttributes({ State = 'ENABLED', EventPattern }) {
  const pattern = typeof EventPattern === 'string' ? JSON.parse(EventPattern) : EventPattern;
  // Unlike elsewhere, a number and its text are different patterns.
  return { State, EventPattern: JSON.stringify(sorted(pattern, (leaf) => leaf)) };
}

/** @param {any} target @returns {Attributes} */
export function targetAttributes({ Arn, DeadLetterConfig }) {
  return { Arn, ...(DeadLetterConfig ? { 'DeadLetterConfig.Arn': DeadLetterConfig.Arn } : {}) };
}

/**
 * @param {string} text of the template
 * @param {import('../template.mjs').Deployment} deployment @param {typeof import('yaml')} yaml
 * @returns {Topology}
 */
export function readTemplate(text, deployment, yaml) {
  const { tables, queues, policies, buses, rules } = readResources(text, deployment, yaml);
  const withPolicies = queues.map((queue) => {
    const policy = policies.find(({ Queues }) => Queues.includes(queue.QueueName));
    return { ...queue, Policy: policy?.PolicyDocument };
  });
  const targets = rules.flatMap(({ Name, Targets = [] }) =>
    Targets.map((/** @type {any} */ target) => [`${Name}/${target.Id}`, target]),
  );
  const byName = (
    /** @type {any[]} */ all,
    /** @type {string} */ key,
    /** @type {(one: any) => Attributes} */ attributes,
  ) => Object.fromEntries(all.map((one) => [one[key], attributes(one)]));
  return {
    Tables: byName(tables, 'TableName', tableAttributes),
    Queues: byName(withPolicies, 'QueueName', queueAttributes),
    Bus: byName(buses, 'Name', busAttributes),
    Rules: byName(rules, 'Name', ruleAttributes),
    Targets: Object.fromEntries(targets.map(([name, target]) => [name, targetAttributes(target)])),
  };
}
