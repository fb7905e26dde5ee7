/** Command line parsing for all tools: --help prints the usage, unknown options end the program. */
import { parseArgs } from 'node:util';

/** Exit code for wrong usage. */
const MISUSED = 2;

/** @param {string} usage @param {string} problem a sentence @returns {never} */
export function misused(usage, problem) {
  process.stderr.write(`${problem}\n\n${usage}\n`);
  process.exit(MISUSED);
}

/** @param {string} usage @param {string[]} [args] */
export function helpIfAsked(usage, args = process.argv.slice(2)) {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  if (!options.includes('--help') && !options.includes('-h')) return;
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}

/**
 * Exits with 0 after --help, and with 2 on an unknown option.
 * @template {import('node:util').ParseArgsConfig} C
 * @param {string} usage
 * @param {C} config of `parseArgs`, without `help`
 */
export function readArguments(usage, config) {
  helpIfAsked(usage);
  try {
    return parseArgs(config);
  } catch (error) {
    return misused(usage, /** @type {Error} */ (error).message);
  }
}
