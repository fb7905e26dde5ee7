/** Compares the emulator's resources with the template, and names the commands that revert a difference. */
import { fail, ok } from './check.mjs';
import { IN_PLACE, KINDS } from './template.mjs';

/**
 * @typedef {import('./template.mjs').Attributes} Attributes
 * @typedef {import('./template.mjs').Kind} Kind
 * @typedef {Record<'wanted' | 'deployed' | 'actual', import('./template.mjs').Topology>} Topologies
 * `deployed` is what the stack was deployed with
 * @typedef {{
 *   deploy: string, recreate: string, aws: (step: string) => string, queueUrl: (queue: string) => string,
 * }} Fixes `aws` makes a command of what comes after `aws`
 */

/** @param {unknown} value */
const quoted = (value) => `'${typeof value === 'string' ? value : JSON.stringify(value)}'`;

/**
 * AWS CLI commands that revert a manual change without losing data.
 * @param {Kind} kind @param {string} name @param {Topologies} topologies @param {Fixes['queueUrl']} queueUrl
 * @returns {string[] | undefined} without `aws`; undefined where only an empty emulator helps
 */
function repair(kind, name, { wanted: { [kind]: all, Bus }, actual }, queueUrl) {
  const [wanted, found] = [all[name], actual[kind][name]];
  const onBus = `--event-bus-name ${Object.keys(Bus)[0]}`;
  const [rule = '', id] = name.split('/');
  const removeTargets = (/** @type {string} */ ids) => `events remove-targets ${onBus} --rule ${rule} --ids ${ids}`;
  if (kind === 'Rules') {
    const named = `${onBus} --name ${name}`;
    if (!wanted) {
      const targets = Object.keys(actual.Targets).filter((target) => target.startsWith(`${name}/`));
      const ids = targets.map((target) => target.slice(name.length + 1)).join(' ');
      return [...(ids ? [removeTargets(ids)] : []), `events delete-rule ${named}`];
    }
    if (found && found['EventPattern'] === wanted['EventPattern']) {
      return [`events ${wanted['State'] === 'DISABLED' ? 'disable' : 'enable'}-rule ${named}`];
    }
    return [`events put-rule ${named} --state ${wanted['State']} --event-pattern ${quoted(wanted['EventPattern'])}`];
  }
  if (kind === 'Targets') {
    if (!wanted) return [removeTargets(id ?? '')];
    const letters = wanted['DeadLetterConfig.Arn'];
    const target = { Id: id, Arn: wanted['Arn'], ...(letters ? { DeadLetterConfig: { Arn: letters } } : {}) };
    return [`events put-targets ${onBus} --rule ${rule} --targets ${quoted([target])}`];
  }
  if (kind === 'Tables' && wanted && found) {
    const commands = differingAttributes(wanted, found).map((attribute) => tableCommand(name, attribute, wanted));
    return commands.every((command) => command !== undefined) ? commands : undefined;
  }
  if (kind === 'Queues' && wanted && found) {
    return [`sqs set-queue-attributes --queue-url ${queueUrl(name)} --attributes ${quoted(wanted)}`];
  }
  return undefined;
}

/** @param {string} table @param {string} attribute that differs @param {Attributes} wanted */
function tableCommand(table, attribute, wanted) {
  const value = wanted[attribute];
  if (attribute === IN_PLACE.ttl && value !== undefined) {
    const expiry = `AttributeName=${value},Enabled=true`;
    return `dynamodb update-time-to-live --table-name ${table} --time-to-live-specification ${expiry}`;
  }
  if (attribute === IN_PLACE.protection) {
    const option = value === 'true' ? '--deletion-protection-enabled' : '--no-deletion-protection-enabled';
    return `dynamodb update-table --table-name ${table} ${option}`;
  }
  return undefined;
}

/** @param {Attributes} wanted @param {Attributes} actual */
function differingAttributes(wanted, actual) {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(actual)])];
  return names.filter((name) => wanted[name] !== actual[name]);
}

/**
 * Whether deploying again fixes it. A deployment compares with the stack's template, so manual changes stay. The
 * emulator can add resources, and change queues and some attributes of tables in place.
 * @param {Kind} kind @param {Attributes} wanted @param {Attributes | undefined} deployed
 */
function canBeDeployed(kind, wanted, deployed) {
  if (deployed === undefined) return kind !== 'Targets';
  const differing = differingAttributes(wanted, deployed);
  if (kind === 'Tables' && !differing.every((name) => Object.values(IN_PLACE).some((one) => one === name)))
    return false;
  return (kind === 'Queues' || kind === 'Tables') && differing.length > 0;
}

/** @param {Kind} kind @param {Topologies} topologies @param {Fixes} fixes */
export function checkDrift(kind, topologies, fixes) {
  const { wanted, deployed, actual } = topologies;
  const names = new Set([...Object.keys(wanted[kind]), ...Object.keys(actual[kind])]);
  const drifts = [...names].flatMap((name) => {
    const [attributes, found] = [wanted[kind][name], actual[kind][name]];
    // Already reported: a missing rule has no targets.
    if (kind === 'Targets' && !found && !actual.Rules[name.split('/')[0] ?? '']) return [];
    const differences = !attributes
      ? [`${name} is not in the template`]
      : !found
        ? [`${name} is missing`]
        : differingAttributes(attributes, found).map(
            (key) => `${name}: ${key} is ${found[key] ?? 'not set'}, not ${attributes[key] ?? 'unset'}`,
          );
    if (differences.length === 0) return [];
    const isDeployable = attributes && canBeDeployed(kind, attributes, deployed[kind][name]);
    const commands = isDeployable ? [fixes.deploy] : repair(kind, name, topologies, fixes.queueUrl)?.map(fixes.aws);
    return [{ differences, commands: commands ?? [fixes.recreate] }];
  });
  if (drifts.length === 0) return ok(kind, `${Object.keys(wanted[kind]).length} as in the template`);
  const commands = drifts.flatMap((drift) => drift.commands);
  const fix = commands.includes(fixes.recreate) ? fixes.recreate : [...new Set(commands)].join(' && ');
  return fail(kind, drifts.flatMap(({ differences }) => differences).join('; '), fix);
}

/** @param {Topologies} topologies @param {Fixes} fixes */
export function checkTopology(topologies, fixes) {
  return KINDS.map((kind) => checkDrift(kind, topologies, fixes));
}
