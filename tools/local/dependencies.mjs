/** Compares node_modules with the lockfile. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';

/** @typedef {{ version?: string, resolved?: string, link?: boolean, optional?: boolean }} Locked a package of the lockfile */

/**
 * Why an installed package does not match the lockfile; undefined if it does. Optional packages may be missing.
 * @param {string} root
 * @param {string} path relative to root, for example node_modules/jest
 * @param {Locked} locked
 */
function problemOf(root, path, { version, resolved = '', link, optional }) {
  try {
    if (link) return realpathSync(root + path) === realpathSync(root + resolved) ? undefined : 'links elsewhere';
    const installed = JSON.parse(readFileSync(`${root}${path}/package.json`, 'utf8')).version;
    return installed === version ? undefined : `is ${installed}, not ${version}`;
  } catch {
    return optional && !existsSync(root + path) ? undefined : 'is missing';
  }
}

/**
 * Compares node_modules with the lockfile, including development dependencies.
 * @param {string} root
 * @returns {string} 'up to date', or how it differs
 */
export function stateOfDependencies(root) {
  if (!existsSync(`${root}node_modules`)) return 'missing';
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'));
  const problems = Object.entries(/** @type {Record<string, Locked>} */ (packages)).flatMap(([path, locked]) => {
    const problem = /(^|\/)node_modules\//.test(path) ? problemOf(root, path, locked) : undefined;
    return problem ? [`${path.replace(/^node_modules\//, '')} ${problem}`] : [];
  });
  if (problems.length === 0) return 'up to date';
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
  return `not as in package-lock.json: ${problems[0]}${more}`;
}
