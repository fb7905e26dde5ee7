/** AWS CLI commands that revert manual changes without losing data. */

/**
 * @typedef {import('./template.mjs').Attributes} Attributes
 * @typedef {import('./template.mjs').Kind} Kind
 * @typedef {{ bus: string, queueUrl: (queue: string) => string }} Place
 * @typedef {{
 *   kind: Kind, name: string, targets: string[], wanted: Attributes | undefined, found: Attributes | undefined,
 * }} Drift `targets` are the ids of a rule's
 */

/** @param {unknown} value */
const quoted = (value) => `'${typeof value === 'string' ? value : JSON.stringify(value)}'`;

/** @param {Drift} drift @param {string} bus */
function repairRule({ name, targets, wanted, found }, bus) {
  const rule = `--event-bus-name ${bus} --name ${name}`;
  if (!wanted) {
    const ids =
      targets.length > 0
        ? [`events remove-targets --event-bus-name ${bus} --rule ${name} --ids ${targets.join(' ')}`]
        : [];
    return [...ids, `events delete-rule ${rule}`];
  }
  if (found && found['EventPattern'] === wanted['EventPattern']) {
    return [`events ${wanted['State'] === 'DISABLED' ? 'disable' : 'enable'}-rule ${rule}`];
  }
  return [`events put-rule ${rule} --state ${wanted['State']} --event-pattern ${quoted(wanted['EventPattern'])}`];
}

/** @param {string} name rule/id @param {Attributes} wanted @param {string} bus */
function repairTarget(name, wanted, bus) {
  const [rule = '', Id = ''] = name.split('/');
  const letters = wanted['DeadLetterConfig.Arn'];
  const target = { Id, Arn: wanted['Arn'], ...(letters ? { DeadLetterConfig: { Arn: letters } } : {}) };
  return [`events put-targets --event-bus-name ${bus} --rule ${rule} --targets ${quoted([target])}`];
}

/**
 * @param {Drift} drift @param {Place} place
 * @returns {string[] | undefined} without `aws`; undefined where only an empty emulator helps
 */
export function repair(drift, { bus, queueUrl }) {
  const { kind, name, wanted, found } = drift;
  if (kind === 'Rules') return repairRule(drift, bus);
  if (kind === 'Targets' && !wanted) {
    const [rule, id] = name.split('/');
    return [`events remove-targets --event-bus-name ${bus} --rule ${rule} --ids ${id}`];
  }
  if (kind === 'Targets' && wanted) return repairTarget(name, wanted, bus);
  // A missing queue needs its policy, too.
  if (kind === 'Queues' && wanted && found) {
    return [`sqs set-queue-attributes --queue-url ${queueUrl(name)} --attributes ${quoted(wanted)}`];
  }
  return undefined;
}
