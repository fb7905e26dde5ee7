/** Checks of one stack: its state, and its template against the repository's. */
import { fail, ok, skipped, warn } from '../check.mjs';
import { compareTemplates } from './compare.mjs';
import { explain } from './explain.mjs';

/**
 * @typedef {import('../check.mjs').Check} Check
 * @typedef {import('./stack.mjs').Stack} Stack
 * @typedef {{ name: string, deploy: string, aws: (step: string) => string }} Named `deploy` is the command
 */

const UP = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'IMPORT_COMPLETE'];
/** The creation of such a stack never completed. It can only be deleted, which loses nothing. */
const NEVER_CREATED = ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED'];

/** @param {string} status @param {Named} named */
function fixOf(status, { name, deploy, aws }) {
  const on = `--stack-name ${name}`;
  if (NEVER_CREATED.includes(status)) {
    return `${aws(`cloudformation delete-stack ${on}`)} && ${aws(`cloudformation wait stack-delete-complete ${on}`)} && ${deploy}`;
  }
  if (status === 'UPDATE_ROLLBACK_FAILED') return aws(`cloudformation continue-update-rollback ${on}`);
  if (status === 'DELETE_FAILED') return aws(`cloudformation delete-stack ${on}`);
  return deploy;
}

/**
 * @param {Pick<Stack, 'status'>} stack @param {string | undefined} failure the first failure of the last operation @param {Named} named
 * @param {string} [check]
 */
export function checkStatus({ status }, failure, named, check = 'Stack') {
  const { name, aws } = named;
  if (UP.includes(status)) return ok(check, `${name}: ${status}`);
  const found = `${name}: ${status}${failure ? `; ${failure}` : ''}`;
  if (status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS') {
    return warn(check, found, aws(`cloudformation describe-stack-events --stack-name ${name} --max-items 10`));
  }
  return fail(check, found, fixOf(status, named));
}

/**
 * @param {{ wanted: string, deployed: string }} texts @param {Named} named @param {typeof import('yaml')} yaml
 * @param {string} [check]
 */
export function checkTemplate({ wanted, deployed }, { name, deploy }, yaml, check = 'Template') {
  const { added, removed, changed } = compareTemplates(wanted, deployed, yaml);
  const differences = [
    ...(added.length > 0 ? [`not deployed yet: ${added.join(', ')}`] : []),
    ...(changed.length > 0 ? [`changed: ${changed.join(', ')}`] : []),
    ...(removed.length > 0 ? [`only deployed: ${removed.join(', ')}`] : []),
  ];
  return differences.length === 0
    ? ok(check, `${name} was deployed from this version`)
    : warn(check, `${name} was deployed from another version; ${differences.join('; ')}`, deploy);
}

/**
 * @param {import('./stack.mjs').StackReader} reader
 * @param {Named & { part: string, isOptional: boolean, readFile: () => string }} options
 * @param {import('./explain.mjs').Around} around @param {typeof import('yaml')} yaml
 * @returns {Promise<{ checks: Check[], stack?: Stack, deployed?: string }>} `stack` if it is there
 */
export async function examineStack(reader, { part, isOptional, readFile, ...named }, around, yaml) {
  const { name, deploy } = named;
  const [stackCheck, templateCheck] = isOptional ? [`Stack of ${part}`, `Template of ${part}`] : ['Stack', 'Template'];
  try {
    const stack = await reader.stack(name);
    if (!stack) {
      const found = `${name} is not deployed in ${around.region}`;
      const missing = isOptional
        ? skipped(stackCheck, found, 'docs/deploy-aws.md has the command')
        : fail(stackCheck, found, `${deploy}   (another stage: --stage, another region: --region)`);
      return { checks: [missing] };
    }
    // The reason is optional: a role may lack the permission to read it.
    const failure = UP.includes(stack.status)
      ? undefined
      : await reader.failure(name).catch((error) => `the reason cannot be read: ${explain(error, around).found}`);
    const status = checkStatus(stack, failure, named, stackCheck);
    const deployed = await reader.template(name).catch((error) => explain(error, around));
    if (typeof deployed !== 'string') {
      return { checks: [status, fail(templateCheck, `not compared: ${deployed.found}`, deployed.fix)], stack };
    }
    const template = checkTemplate({ wanted: readFile(), deployed }, named, yaml, templateCheck);
    return { checks: [status, template], stack, deployed };
  } catch (error) {
    const { found, fix } = explain(error, around);
    return { checks: [fail(stackCheck, `${name}: ${found}`, fix)] };
  }
}
