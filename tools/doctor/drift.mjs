/** The emulator's resources against the template's. */
import { fail, ok } from './check.mjs';
import { KINDS } from './template.mjs';

/**
 * @typedef {import('./check.mjs').Check} Check
 * @typedef {import('./template.mjs').Attributes} Attributes
 * @typedef {import('./template.mjs').Kind} Kind
 * @typedef {import('./template.mjs').Topology} Topology
 * @typedef {{ deploy: string, recreate: string }} Fixes
 */

/**
 * @param {Attributes} wanted
 * @param {Attributes} actual
 * @returns {string[]}
 */
function differingAttributes(wanted, actual) {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(actual)])];
  return names.filter((name) => wanted[name] !== actual[name]);
}

/**
 * What deploying once more would mend: nothing that was changed by hand, because the stack's own template is what it
 * compares with, and of the rest only what the emulator can add, or change in place.
 * @param {Kind} kind
 * @param {Attributes} wanted
 * @param {Attributes | undefined} deployed what the stack was deployed with
 */
function canBeDeployed(kind, wanted, deployed) {
  if (deployed === undefined) return kind !== 'Targets';
  return kind === 'Queues' && differingAttributes(wanted, deployed).length > 0;
}

/**
 * @param {Kind} kind
 * @param {{ wanted: Topology, deployed: Topology, actual: Topology }} topologies
 * @param {Fixes} fixes
 * @returns {Check}
 */
export function judgeDrift(kind, { wanted, deployed, actual }, fixes) {
  /** @type {string[]} */
  const drifts = [];
  let canDeploy = true;
  for (const [name, attributes] of Object.entries(wanted[kind])) {
    const found = actual[kind][name];
    // Told of once: a rule that is missing has no targets.
    if (kind === 'Targets' && !found && !actual.Rules[name.split('/')[0] ?? '']) continue;
    const before = drifts.length;
    if (!found) drifts.push(`${name} is missing`);
    else {
      for (const attribute of differingAttributes(attributes, found)) {
        drifts.push(
          `${name}: ${attribute} is ${found[attribute] ?? 'not set'}, not ${attributes[attribute] ?? 'unset'}`,
        );
      }
    }
    if (drifts.length > before) canDeploy &&= canBeDeployed(kind, attributes, deployed[kind][name]);
  }
  for (const name of Object.keys(actual[kind])) {
    if (wanted[kind][name]) continue;
    drifts.push(`${name} is not in the template`);
    canDeploy = false;
  }
  if (drifts.length === 0) return ok(kind, `${Object.keys(wanted[kind]).length} as in the template`);
  return fail(kind, drifts.join('; '), canDeploy ? fixes.deploy : fixes.recreate);
}

/**
 * @param {{ wanted: Topology, deployed: Topology, actual: Topology }} topologies
 * @param {Fixes} fixes
 */
export function judgeTopology(topologies, fixes) {
  return KINDS.map((kind) => judgeDrift(kind, topologies, fixes));
}
