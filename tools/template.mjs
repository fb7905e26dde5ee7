/** Reads infrastructure/template.yaml, with its references resolved. */
// `any`, because a template is arbitrary YAML. Callers know the CloudFormation type of what they take.

/**
 * @typedef {{ parameters: Record<string, string>, region: string, account: string }} Deployment
 * @typedef {Record<'tables' | 'queues' | 'policies' | 'buses' | 'rules', any[]>} Resources their CloudFormation properties
 */

/** Parses CloudFormation's short forms to objects. */
const TAGS = [
  ...['!Ref', '!GetAtt', '!Sub'].map((tag) => ({ tag, resolve: (/** @type {string} */ text) => ({ [tag]: text }) })),
  ...['!If', '!Equals'].map((tag) => ({
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
  const ofType = (/** @type {string} */ type) =>
    Object.values(template.Resources)
      .filter(({ Type, Condition }) => Type === type && (Condition === undefined || isMet(Condition)))
      .map(({ Properties }) => resolve(Properties));
  return {
    tables: ofType('AWS::DynamoDB::Table'),
    queues: ofType('AWS::SQS::Queue'),
    policies: ofType('AWS::SQS::QueuePolicy'),
    buses: ofType('AWS::Events::EventBus'),
    rules: ofType('AWS::Events::Rule'),
  };
}
