/** Compares the resources with the template that the stack was deployed from. */
import { checkDrift } from '../drift.mjs';
import { KINDS } from '../template.mjs';

/**
 * @typedef {import('../template.mjs').Topology} Topology
 * @typedef {import('../../template.mjs').Resources} Resources
 * @typedef {Pick<ReturnType<typeof import('./reach.mjs').commandsFor>, 'aws' | 'queueUrl'>} Commands
 */

/** All attributes of a queue, in the form that create-queue takes. @param {string} name @param {Resources} resources */
function queueAttributes(name, { queues, policies }) {
  const properties = queues.find(({ QueueName }) => QueueName === name);
  const policy = policies.find(({ Queues }) => Queues.includes(name));
  const all = { ...properties, ...(policy ? { Policy: policy.PolicyDocument } : {}) };
  const set = Object.entries(all).filter(([key, value]) => !['QueueName', 'Tags'].includes(key) && value !== undefined);
  return Object.fromEntries(
    set.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}

/**
 * The command that recreates a deleted resource. A deployment does not: CloudFormation compares templates, not
 * resources. A new resource with the same name takes the old one's place in the stack.
 * @param {import('../template.mjs').Kind} kind @param {string} name @param {Resources} resources @param {Commands} commands
 */
function replace(kind, name, resources, { aws }) {
  if (kind === 'Tables') {
    const list = aws(`dynamodb list-backups --table-name ${name} --backup-type ALL`);
    const restore = aws(`dynamodb restore-table-from-backup --target-table-name ${name} --backup-arn ARN`);
    return `${list}, then ${restore}`;
  }
  if (kind === 'Bus') return aws(`events create-event-bus --name ${name}`);
  const attributes = JSON.stringify(queueAttributes(name, resources));
  return aws(`sqs create-queue --queue-name ${name} --attributes '${attributes}'`);
}

/**
 * @param {Record<'deployed' | 'actual', Topology>} topologies @param {Resources} resources of the deployed template
 * @param {Commands} commands
 */
export function checkAwsDrift({ deployed, actual }, resources, commands) {
  return KINDS.map((kind) => {
    // A dead-letter queue must exist before the queue that names it.
    const missing = Object.entries(deployed[kind])
      .filter(([name]) => !(name in actual[kind]))
      .toSorted(([, a], [, b]) => Number('RedrivePolicy' in a) - Number('RedrivePolicy' in b))
      .map(([name]) => name);
    const recreate =
      missing.length > 0
        ? missing.map((name) => replace(kind, name, resources, commands)).join(' && ')
        : `${commands.aws('dynamodb update-table help')}   (a changed key needs a new table: docs/operations.md#drift-on-aws)`;
    return checkDrift(kind, { wanted: deployed, deployed, actual }, { ...commands, deploy: recreate, recreate });
  });
}
