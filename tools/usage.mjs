/** What every tool does with its command line: --help shows how it is called, and what it does not know ends it. */
import { parseArgs } from 'node:util';

/** @typedef {import('node:util').ParseArgsConfig} Config */

/** Exit code of a program that was called wrongly. */
const MISUSED = 2;

/**
 * @param {string} usage
 * @param {string} problem a sentence
 * @returns {never}
 */
export function misused(usage, problem) {
  process.stderr.write(`${problem}\n\n${usage}\n`);
  process.exit(MISUSED);
}

/**
 * Ends the process after --help, with 0, and on anything that is not among the options, with 2.
 * @template {Config} C
 * @param {string} usage
 * @param {C} config of `parseArgs`, without `help`
 */
export function readArguments(usage, config) {
  const { args = process.argv.slice(2) } = config;
  const end = args.indexOf('--');
  if (args.slice(0, end === -1 ? undefined : end).some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    return misused(usage, /** @type {Error} */ (error).message);
  }
}
