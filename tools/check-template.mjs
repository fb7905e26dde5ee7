/**
 * Checks CloudFormation templates: cfn-lint against the schemas of AWS, checkov for security. Arguments select files;
 * without arguments, it checks all of infrastructure/. Both tools work offline, each in a separate virtual environment.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ofTheMachine } from './local/environment.mjs';
import { LocalError, printProblem } from './local/fail.mjs';
import { installPython } from './local/requirements.mjs';
import { runToEnd } from './local/run-to-end.mjs';

const cwd = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} main runs it in Python
 * @property {(files: string[]) => string[]} options
 * @property {(home: string) => Record<string, string>} [env]
 */

/** @type {Tool[]} */
const TOOLS = [
  {
    name: 'cfn-lint',
    main: 'from cfnlint.runner import main; raise SystemExit(main())',
    // Include informational rules, for example those about deletion policies.
    options: (files) => ['--include-checks', 'I', '--', ...files],
  },
  {
    name: 'checkov',
    main: 'from checkov.main import Checkov; raise SystemExit(Checkov().run())',
    options: (files) => ['--config-file', '.checkov.yaml', '--file', ...files],
    // It looks for a newer version on the internet, and for an API key and more configuration in the home folder.
    env: (home) => ({ CKV_SKIP_PACKAGE_UPDATE_CHECK: 'true', HOME: home, USERPROFILE: home }),
  },
];

/** @param {Tool} tool @param {string[]} files @returns the name of a tool that has findings */
async function check({ name, main, options, env }, files) {
  const { python } = await installPython(cwd, { name, requirements: `tools/${name}-requirements.txt`, what: name });
  const home = `${cwd}.local/${name}`;
  const { status, stdout, stderr, error } = await runToEnd(python, ['-I', '-c', main, ...options(files)], {
    cwd,
    env: { ...ofTheMachine(process.env), ...env?.(home) },
  });
  process.stdout.write(stdout);
  process.stderr.write(`${stderr}${error ?? ''}`);
  return status === 0 ? [] : [name];
}

try {
  const all = readdirSync(`${cwd}infrastructure`).filter((file) => file.endsWith('.yaml'));
  const chosen = process.argv.slice(2);
  const files = chosen.length > 0 ? chosen : all.map((file) => `infrastructure/${file}`);
  const failing = (await Promise.all(TOOLS.map((tool) => check(tool, files)))).flat();
  if (failing.length > 0) throw new LocalError(`A template does not pass ${failing.join(' and ')}.`, '');
} catch (error) {
  printProblem(error);
  process.exitCode = 1;
}
