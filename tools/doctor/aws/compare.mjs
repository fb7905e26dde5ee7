/** Compares two CloudFormation templates, resource by resource. */
import { isDeepStrictEqual } from 'node:util';

const SHORT_FORMS = [
  ...['Ref', 'GetAtt', 'Sub', 'If', 'Equals', 'And', 'Or', 'Not', 'Condition', 'Join', 'Select', 'Split', 'Base64'],
  ...['Cidr', 'FindInMap', 'GetAZs', 'ImportValue'],
];

/** Parses each short form into an object, for scalars, lists and maps. */
const TAGS = SHORT_FORMS.flatMap((name) => {
  const tag = `!${name}`;
  const resolve = (/** @type {any} */ value) => ({ [tag]: value?.toJSON ? value.toJSON() : value });
  return [{ tag, resolve }, ...['seq', 'map'].map((collection) => ({ tag, collection, resolve }))];
});

/** @param {string} text @param {typeof import('yaml')} yaml @returns {Record<string, any>} */
const parse = (text, yaml) => yaml.parse(text, { customTags: /** @type {any} */ (TAGS) });

/** Sections whose entries are named. */
const SECTIONS = ['Parameters', 'Mappings', 'Conditions', 'Resources', 'Outputs'];

/**
 * @param {string} wanted @param {string} deployed @param {typeof import('yaml')} yaml
 * @returns {Record<'added' | 'removed' | 'changed', string[]>} names; `added` are in `wanted` only. Comments do not count.
 */
export function compareTemplates(wanted, deployed, yaml) {
  const [next, current] = [parse(wanted, yaml), parse(deployed, yaml)];
  /** @type {Record<'added' | 'removed' | 'changed', string[]>} */
  const differences = { added: [], removed: [], changed: [] };
  for (const section of SECTIONS) {
    const [to, from] = [next[section] ?? {}, current[section] ?? {}];
    for (const name of new Set([...Object.keys(to), ...Object.keys(from)])) {
      if (!(name in from)) differences.added.push(name);
      else if (!(name in to)) differences.removed.push(name);
      else if (!isDeepStrictEqual(to[name], from[name])) differences.changed.push(name);
    }
  }
  return differences;
}
