/** Reads infrastructure/template.yaml, with its references resolved. */
// `any`, because a template is arbitrary YAML. Callers know the CloudFormation type of what they take.

/**
 * @typedef {{ parameters: Record<string, string>, region: string, account: string }} Deployment
 * @typedef {Record<'tables' | 'queues' | 'policies' | 'managedPolicies' | 'buses' | 'rules', any[]>} Resources
 * their CloudFormation properties
 */

/** Parses CloudFormation's short forms to objects. */
const TAGS = [
  ...['!Ref', '!GetAtt', '!Sub', '!Condition'].map((tag) => ({
    tag,
    resolve: (/** @type {string} */ text) => ({ [tag]: text }),
  })),
  ...['!If', '!Equals', '!And', '!Or', '!Not'].map((tag) => ({
    tag,
    collection: /** @type {const} */ ('seq'),
    resolve: (/** @type {any} */ list) => ({ [tag]: list.toJSON() }),
  })),
];

/**
 * Resources whose condition is false are left out.
 * @param {string} text of the template
 * @param {Deployment} deployment
 * @param {typeof import('yaml')} yaml passed in, because the doctor also runs without dependencies
 * @returns {Resources}
 */
export function readResources(text, { parameters, region, account }, yaml) {
  const template = yaml.parse(text, { customTags: /** @type {any} */ (TAGS) });
  /** @type {Record<string, (given: any) => any>} */
  const functions = {
    '!Ref': (name) => refer(name),
    '!GetAtt': (attribute) => arnOf(attribute.replace(/\.Arn$/, '')),
    '!Sub': (/** @type {string} */ pattern) =>
      pattern.replace(/\$\{([\w:]+)(\.Arn)?\}/g, (_, name, isArn) => (isArn ? arnOf(name) : String(refer(name)))),
    '!If': ([condition, then, otherwise]) => resolve(isMet(condition) ? then : otherwise),
    '!Condition': (name) => isMet(name),
    '!Equals': ([one, other]) => resolve(one) === resolve(other),
    '!And': (conditions) => conditions.every(resolve),
    '!Or': (conditions) => conditions.some(resolve),
    '!Not': ([condition]) => !resolve(condition),
  };
  /** AWS::NoValue becomes undefined, and its property is removed. @param {any} value @returns {any} */
  function resolve(value) {
    if (Array.isArray(value)) return value.map(resolve).filter((inner) => inner !== undefined);
    if (value === null || typeof value !== 'object') return value;
    const [[key = '', inner] = [], ...more] = Object.entries(value);
    const called = more.length === 0 ? functions[key] : undefined;
    if (called) return called(inner);
    const entries = Object.entries(value).map(([name, given]) => [name, resolve(given)]);
    return Object.fromEntries(entries.filter(([, resolved]) => resolved !== undefined));
  }
  /** @param {string} name */
  const isMet = (name) => resolve(template.Conditions[name]);
  /** @type {Record<string, string | undefined>} */
  const pseudo = {
    ...{ 'AWS::Partition': 'aws', 'AWS::Region': region, 'AWS::AccountId': account },
    'AWS::NoValue': undefined,
  };
  /** @param {string} name @returns {string | undefined} */
  const refer = (name) => {
    if (name in pseudo) return pseudo[name];
    const parameter = template.Parameters[name];
    if (parameter) return parameters[name] ?? String(parameter.Default);
    const { Type, Properties } = template.Resources[name];
    return Type === 'AWS::IAM::ManagedPolicy' ? arnOf(name) : nameOf(Properties);
  };
  /** @param {any} properties */
  const nameOf = ({ TableName, QueueName, ManagedPolicyName, Name }) =>
    resolve(TableName ?? QueueName ?? ManagedPolicyName ?? Name);
  /** @param {string} id */
  const arnOf = (id) => {
    const { Type, Properties } = template.Resources[id];
    const at = `${region}:${account}`;
    const name = nameOf(Properties);
    switch (Type) {
      case 'AWS::DynamoDB::Table':
        return `arn:aws:dynamodb:${at}:table/${name}`;
      case 'AWS::Events::EventBus':
        return `arn:aws:events:${at}:event-bus/${name}`;
      case 'AWS::IAM::ManagedPolicy':
        return `arn:aws:iam::${account}:policy/${name}`;
      case 'AWS::SQS::Queue':
        return `arn:aws:sqs:${at}:${name}`;
      default:
        throw new Error(`the ARN of a ${Type} is unknown`);
    }
  };
  const ofType = (/** @type {string} */ type) =>
    Object.values(template.Resources)
      .filter(({ Type, Condition }) => Type === type && (Condition === undefined || isMet(Condition)))
      .map(({ Properties }) => resolve(Properties));
  return {
    tables: ofType('AWS::DynamoDB::Table'),
    queues: ofType('AWS::SQS::Queue'),
    policies: ofType('AWS::SQS::QueuePolicy'),
    managedPolicies: ofType('AWS::IAM::ManagedPolicy'),
    buses: ofType('AWS::Events::EventBus'),
    rules: ofType('AWS::Events::Rule'),
  };
}
