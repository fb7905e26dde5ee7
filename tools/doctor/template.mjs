/** What infrastructure/template.yaml describes, as resources whose attributes are text that can be compared. */
// `any`, because a template is arbitrary YAML, and what the SDK describes goes through the functions that read it. Only
// text leaves this file.

/**
 * @typedef {Record<string, string>} Attributes
 * @typedef {Record<string, Attributes>} Resources by name
 * @typedef {'Tables' | 'Queues' | 'Bus' | 'Rules' | 'Targets'} Kind
 * @typedef {Record<Kind, Resources>} Topology targets are named rule/id
 * @typedef {{ parameters: Record<string, string>, region: string, account: string }} Deployment
 */

/** @type {Kind[]} */
export const KINDS = ['Tables', 'Queues', 'Bus', 'Rules', 'Targets'];

/** Queue attributes that the template may set and that say how messages travel. */
const QUEUE_ATTRIBUTES = ['VisibilityTimeout', 'MessageRetentionPeriod', 'RedrivePolicy', 'RedriveAllowPolicy'];

/** @param {any} value @param {(leaf: any) => any} read @returns {any} */
function sorted(value, read) {
  if (Array.isArray(value)) return value.map((inner) => sorted(inner, read));
  if (value === null || typeof value !== 'object') return read(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner, read)]));
}

/**
 * The same text for the same value, whatever the order of its keys; a number and its text are one.
 * @param {any} value
 * @returns {string}
 */
export function canonical(value) {
  return typeof value === 'object' ? JSON.stringify(sorted(value, String)) : String(value);
}

/** @param {any} table as CloudFormation and DescribeTable have it @returns {Attributes} */
export function tableAttributes({ KeySchema, AttributeDefinitions, GlobalSecondaryIndexes = [] }) {
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
  return { key: key(KeySchema), ...Object.fromEntries(indexes) };
}

/** @param {any} queue attributes; texts may be JSON @returns {Attributes} */
export function queueAttributes(queue) {
  const value = (/** @type {any} */ given) =>
    canonical(typeof given === 'string' && given.startsWith('{') ? JSON.parse(given) : given);
  const set = QUEUE_ATTRIBUTES.filter((name) => queue[name] !== undefined);
  return Object.fromEntries(set.map((name) => [name, value(queue[name])]));
}

/** @param {any} rule @returns {Attributes} */
export function ruleAttributes({ State = 'ENABLED', EventPattern }) {
  const pattern = typeof EventPattern === 'string' ? JSON.parse(EventPattern) : EventPattern;
  // A number and its text are two patterns.
  return { State, EventPattern: JSON.stringify(sorted(pattern, (leaf) => leaf)) };
}

/** @param {any} target @returns {Attributes} */
export function targetAttributes({ Arn, DeadLetterConfig }) {
  return { Arn, ...(DeadLetterConfig ? { 'DeadLetterConfig.Arn': DeadLetterConfig.Arn } : {}) };
}

/** CloudFormation's short forms as objects. */
const TAGS = [
  ...['!Ref', '!GetAtt', '!Sub'].map((tag) => ({ tag, resolve: (/** @type {string} */ text) => ({ [tag]: text }) })),
  ...['!If', '!Equals'].map((tag) => ({
    tag,
    collection: /** @type {const} */ ('seq'),
    resolve: (/** @type {any} */ list) => ({ [tag]: list.toJSON() }),
  })),
];

/**
 * @param {any} template
 * @param {Deployment} deployment
 */
function createResolver(template, { parameters, region, account }) {
  /** @type {(value: any) => any} */
  const resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve);
    if (value === null || typeof value !== 'object') return value;
    if ('!Ref' in value) return refer(value['!Ref']);
    if ('!GetAtt' in value) return arnOf(value['!GetAtt'].replace(/\.Arn$/, ''));
    if ('!Sub' in value) return substitute(value['!Sub']);
    if ('!Equals' in value) return resolve(value['!Equals'][0]) === resolve(value['!Equals'][1]);
    if ('!If' in value) {
      const [condition, then, otherwise] = value['!If'];
      return resolve(isMet(condition) ? then : otherwise);
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
  };
  /** @param {string} name */
  const isMet = (name) => resolve(template.Conditions[name]);
  /** @param {string} name */
  const substitute = (name) => name.replace(/\$\{([\w:]+)\}/g, (_, reference) => refer(reference));
  /** @param {string} name @returns {string} */
  const refer = (name) => {
    const pseudo = { 'AWS::Partition': 'aws', 'AWS::Region': region, 'AWS::AccountId': account }[name];
    if (pseudo !== undefined) return pseudo;
    const parameter = template.Parameters[name];
    if (parameter) return parameters[name] ?? String(parameter.Default);
    return nameOf(template.Resources[name].Properties);
  };
  /** @param {any} properties */
  const nameOf = ({ TableName, QueueName, Name }) => resolve(TableName ?? QueueName ?? Name);
  /** @param {string} id */
  const arnOf = (id) => {
    const { Type, Properties } = template.Resources[id];
    return Type === 'AWS::SQS::Queue' ? `arn:aws:sqs:${region}:${account}:${nameOf(Properties)}` : id;
  };
  return { resolve, isMet };
}

/**
 * @param {string} text of the template
 * @param {Deployment} deployment
 * @param {typeof import('yaml')} yaml
 * @returns {{ topology: Topology, deadLetterQueues: string[] }}
 */
export function readTemplate(text, deployment, yaml) {
  const template = yaml.parse(text, { customTags: /** @type {any} */ (TAGS) });
  const { resolve, isMet } = createResolver(template, deployment);
  const ofType = (/** @type {string} */ type) =>
    Object.values(template.Resources)
      .filter(({ Type, Condition }) => Type === type && (Condition === undefined || isMet(Condition)))
      .map(({ Properties }) => resolve(Properties));
  const queues = ofType('AWS::SQS::Queue');
  const rules = ofType('AWS::Events::Rule');
  const targets = rules.flatMap(({ Name, Targets = [] }) =>
    Targets.map((/** @type {any} */ target) => [`${Name}/${target.Id}`, target]),
  );
  const deadLetterArns = new Set([
    ...queues.map(({ RedrivePolicy }) => RedrivePolicy?.deadLetterTargetArn),
    ...targets.map(([, { DeadLetterConfig }]) => DeadLetterConfig?.Arn),
  ]);
  const byName = (
    /** @type {any[]} */ all,
    /** @type {string} */ key,
    /** @type {(one: any) => Attributes} */ attributes,
  ) => Object.fromEntries(all.map((one) => [one[key], attributes(one)]));
  return {
    topology: {
      Tables: byName(ofType('AWS::DynamoDB::Table'), 'TableName', tableAttributes),
      Queues: byName(queues, 'QueueName', queueAttributes),
      Bus: byName(ofType('AWS::Events::EventBus'), 'Name', () => ({})),
      Rules: byName(rules, 'Name', ruleAttributes),
      Targets: Object.fromEntries(targets.map(([name, target]) => [name, targetAttributes(target)])),
    },
    deadLetterQueues: queues
      .map(({ QueueName }) => QueueName)
      .filter((name) => [...deadLetterArns].some((arn) => arn?.endsWith(`:${name}`))),
  };
}
