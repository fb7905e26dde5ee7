/** Reads the deployed stack from CloudFormation. */
import { request } from '../local/ask.mjs';

/** @typedef {import('./surroundings.mjs').Access} Access */

const REGION = 'us-east-1';
const KEY_VARIABLES = 'EMULATOR_ACCESS_KEY_ID and EMULATOR_SECRET_ACCESS_KEY';

/**
 * Uses CloudFormation's query protocol: its SDK client would be a dependency for two calls.
 * @param {Access} access @param {string} action @param {string} stack
 */
async function cloudFormation({ endpoint, credentials }, action, stack) {
  const answer = await request(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20260101/${REGION}/cloudformation/aws4_request, SignedHeaders=host, Signature=none`,
    },
    body: new URLSearchParams({ Action: action, StackName: stack, Version: '2010-05-15' }).toString(),
  });
  if (!answer) throw new Error(`${action} got no answer`);
  if (answer.body.includes(`<${action}Response`)) return answer.body;
  if (answer.body.includes('does not exist')) return undefined;
  if (answer.body.includes('UnrecognizedClientException')) {
    throw new Error(`the emulator at ${endpoint} expects another access key: set ${KEY_VARIABLES}`);
  }
  throw new Error(`${endpoint} does not answer like an AWS emulator`);
}

/** @param {string} text */
function unescapeXml(text) {
  const names = /** @type {Record<string, string>} */ ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' });
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (name) return names[name] ?? all;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}

/** @param {string} description the answer of DescribeStacks @param {string} template that of GetTemplate */
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

/** @param {Access} access @param {string} stack */
export async function describeStack(access, stack) {
  const [description, template] = await Promise.all([
    cloudFormation(access, 'DescribeStacks', stack),
    cloudFormation(access, 'GetTemplate', stack),
  ]);
  return description && template ? readStack(description, template) : undefined;
}
