/** Compares the emulator's resources with the template. */
import { fail, ok } from './check.mjs';
import { repair } from './repairs.mjs';
import { KINDS } from './template.mjs';

/**
 * @typedef {import('./check.mjs').Check} Check
 * @typedef {import('./template.mjs').Attributes} Attributes
 * @typedef {import('./template.mjs').Kind} Kind
 * @typedef {import('./template.mjs').Topology} Topology
 * @typedef {{
 *   deploy: string, recreate: string, aws: (step: string) => string, queueUrl: (queue: string) => string,
 * }} Fixes `aws` makes a command of what comes after `aws`
 */

/** @param {Attributes} wanted @param {Attributes} actual */
function differingAttributes(wanted, actual) {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(actual)])];
  return names.filter((name) => wanted[name] !== actual[name]);
}

/**
 * Whether deploying again fixes it. A deployment compares with the stack's template, so manual changes stay. The
 * emulator can add resources, and change queues in place.
 * @param {Kind} kind @param {Attributes} wanted
 * @param {Attributes | undefined} deployed what the stack was deployed with
 */
function canBeDeployed(kind, wanted, deployed) {
  if (deployed === undefined) return kind !== 'Targets';
  return kind === 'Queues' && differingAttributes(wanted, deployed).length > 0;
}

/**
 * @param {Kind} kind @param {{ wanted: Topology, deployed: Topology, actual: Topology }} topologies
 * @param {Fixes} fixes
 */
export function checkDrift(kind, { wanted, deployed, actual }, fixes) {
  /** @type {string[]} */
  const drifts = [];
  const [bus = ''] = Object.keys(wanted.Bus);
  /** @type {(string | undefined)[]} of each drift the mildest */
  const commands = [];
  const commandFor = (/** @type {string} */ name, /** @type {Attributes | undefined} */ attributes) => {
    if (attributes && canBeDeployed(kind, attributes, deployed[kind][name])) return [fixes.deploy];
    const targets = Object.keys(actual.Targets).flatMap((target) =>
      target.startsWith(`${name}/`) ? [target.slice(name.length + 1)] : [],
    );
    const drift = { kind, name, targets, wanted: attributes, found: actual[kind][name] };
    return repair(drift, { bus, queueUrl: fixes.queueUrl })?.map(fixes.aws) ?? [undefined];
  };
  for (const name of new Set([...Object.keys(wanted[kind]), ...Object.keys(actual[kind])])) {
    const [attributes, found] = [wanted[kind][name], actual[kind][name]];
    // Already reported: a missing rule has no targets.
    if (kind === 'Targets' && !found && !actual.Rules[name.split('/')[0] ?? '']) continue;
    const ofName = !attributes
      ? [`${name} is not in the template`]
      : !found
        ? [`${name} is missing`]
        : differingAttributes(attributes, found).map(
            (key) => `${name}: ${key} is ${found[key] ?? 'not set'}, not ${attributes[key] ?? 'unset'}`,
          );
    if (ofName.length > 0) commands.push(...commandFor(name, attributes));
    drifts.push(...ofName);
  }
  if (drifts.length === 0) return ok(kind, `${Object.keys(wanted[kind]).length} as in the template`);
  const mild = commands.filter((command) => command !== undefined);
  const fix = mild.length === commands.length ? [...new Set(mild)].join(' && ') : fixes.recreate;
  return fail(kind, drifts.join('; '), fix);
}

/** @param {{ wanted: Topology, deployed: Topology, actual: Topology }} topologies @param {Fixes} fixes */
export function checkTopology(topologies, fixes) {
  return KINDS.map((kind) => checkDrift(kind, topologies, fixes));
}
