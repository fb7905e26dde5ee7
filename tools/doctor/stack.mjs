/** The stack that was deployed, as CloudFormation has it. */
import { request } from './ask.mjs';

/** @typedef {{ status: string, template: string, parameters: Record<string, string>, region: string, account: string }} Stack */

const REGION = 'us-east-1';

/**
 * CloudFormation's old protocol; its SDK client would be a dependency for two calls.
 * @param {string} endpoint
 * @param {string} action
 * @param {string} stack
 */
async function cloudFormation(endpoint, action, stack) {
  const answer = await request(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/cloudformation/aws4_request, SignedHeaders=host, Signature=none`,
    },
    body: new URLSearchParams({ Action: action, StackName: stack, Version: '2010-05-15' }).toString(),
  });
  if (!answer) throw new Error(`${action} got no answer`);
  if (answer.body.includes(`<${action}Response`)) return answer.body;
  if (answer.body.includes('does not exist')) return undefined;
  throw new Error(`what is at ${endpoint} does not answer as an AWS emulator does`);
}

/** @param {string} text */
function unescapeXml(text) {
  const names = /** @type {Record<string, string>} */ ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' });
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (name) return names[name] ?? all;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}

/**
 * @param {string} description the answer of DescribeStacks
 * @param {string} template that of GetTemplate
 * @returns {Stack}
 */
export function readStack(description, template) {
  const pairs = description.matchAll(
    /<ParameterKey>([^<]*)<\/ParameterKey>\s*<ParameterValue>([^<]*)<\/ParameterValue>/g,
  );
  const [, region = REGION, account = '000000000000'] =
    /<StackId>arn:[^:]+:cloudformation:([^:]+):([^:]+):/.exec(description) ?? [];
  return {
    status: /<StackStatus>([^<]*)</.exec(description)?.[1] ?? '',
    template: unescapeXml(/<TemplateBody>([^]*?)<\/TemplateBody>/.exec(template)?.[1] ?? ''),
    parameters: Object.fromEntries([...pairs].map(([, key = '', value = '']) => [key, unescapeXml(value)])),
    region,
    account,
  };
}

/** @param {string} endpoint @param {string} stack @returns {Promise<Stack | undefined>} */
export async function describeStack(endpoint, stack) {
  const [description, template] = await Promise.all([
    cloudFormation(endpoint, 'DescribeStacks', stack),
    cloudFormation(endpoint, 'GetTemplate', stack),
  ]);
  return description && template ? readStack(description, template) : undefined;
}
